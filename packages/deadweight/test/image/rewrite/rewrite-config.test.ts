import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { rewriteConfig } from "../../../src/image/rewrite/rewrite-config.ts";

const [one, two, three] = ["1", "2", "3"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string, string];

function rewritten(config: string, diffIds: readonly [number, string][], labels: Readonly<Record<string, string>> = {}): string {
  return Buffer.from(rewriteConfig(Buffer.from(config), { diffIds: new Map(diffIds), labels })).toString();
}

test("only diffIds and labels change; keys, their order, number text and escapes stay", () => {
  const before = `{ "z":1e400,"big": 12345678901234567890,"1":"\\u003cb\\u003e","rootfs":{"type":"layers", "diff_ids":["${one}", "${two}"],"x":-0.0},
    "config":{"Env":["A=\\/b"], "Labels":{"b":"1","2":"x"},"__proto__":{"Labels":null}},"history":[{"empty_layer":true},null, {}] }`;
  assert.equal(
    rewritten(before, [[1, three]], { b: 'quoted "', new: "é" }),
    `{"z":1e400,"big": 12345678901234567890,"1":"\\u003cb\\u003e","rootfs":{"type":"layers","diff_ids":["${one}","${three}"],"x":-0.0},` +
      `"config":{"Env":["A=\\/b"],"Labels":{"b":"quoted \\"","2":"x","new":"é"},"__proto__":{"Labels":null}},"history":[{"empty_layer":true},null, {}]}`,
  );
});

test("labels are put where there were none", () => {
  const labels = { k: "v" };
  for (const config of ["", `,"config":null`, `,"config":{}`, `,"config":{"Labels":null}`, `,"config":"odd"`]) {
    const after = JSON.parse(rewritten(`{"rootfs":{"diff_ids":["${one}"]}${config}}`, [[0, two]], labels)) as unknown;
    assert.deepEqual(after, { rootfs: { diff_ids: [two] }, config: { Labels: labels } });
  }
});

test("without a change the bytes are the same", () => {
  const config = ' {"rootfs" : {"diff_ids":[]}}\n';
  assert.equal(rewritten(config, []), config);
});

test("of equal keys the last counts, as in JSON.parse, and all say the same then", () => {
  const after = rewritten(`{"rootfs":{"diff_ids":["${two}"]},"rootfs":{"diff_ids":["${one}"]}}`, [[0, three]]);
  assert.equal(after, `{"rootfs":{"diff_ids":["${three}"]},"rootfs":{"diff_ids":["${three}"]}}`);
});

test("what is no JSON is refused", () => {
  assert.throws(() => rewritten("{", [[0, one]]), { code: "unreadable" });
  assert.throws(() => rewritten("[".repeat(100) + "]".repeat(100), [[0, one]]), { code: "unreadable" });
});

test("any other JSON beside stays what it is", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.nat(4), (other, indent) => {
      const rootfs = { type: "layers", diff_ids: [one, two], more: other };
      const config = { Env: [], Labels: { a: "b" }, more: other };
      const before = { ...other, rootfs, config };
      const after = JSON.parse(rewritten(JSON.stringify(before, null, indent), [[0, three]], { c: "d" })) as unknown;
      assert.deepEqual(
        after,
        JSON.parse(
          JSON.stringify({
            ...before,
            rootfs: { ...rootfs, diff_ids: [three, two] },
            config: { ...config, Labels: { a: "b", c: "d" } },
          }),
        ),
      );
    }),
  );
});
