import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { indexTar } from "../../../src/stores/layout/tar-index.ts";
import { fileOf } from "../../support/archived-image.ts";
import { tarOf } from "../../support/layers.ts";

const running = new AbortController().signal;

test("members are where their content is, long names and large content included", async () => {
  const long = `${"d".repeat(120)}/${"f".repeat(150)}`;
  const content = Buffer.alloc(100_000, "x");
  const archive = Buffer.from(
    tarOf([{ path: "a", content }, { path: long, content: "long" }, { path: "empty" }, { path: "z", content: "z" }]),
  );
  const index = await indexTar(fileOf(archive), "archive", defaultLimits, running);
  for (const [path, wanted] of [
    ["a", content],
    [long, "long"],
    ["empty", ""],
    ["z", "z"],
  ] as const) {
    const [member, ...others] = index.get(path) ?? [];
    assert.equal(member?.kind, "file");
    assert.deepEqual(others, []);
    assert.equal(archive.toString("latin1", member.offset, member.offset + member.size), wanted.toString());
  }
});

test("members are found whatever their sizes are and wherever the reads end", async () => {
  const size = fc.oneof(fc.nat(3000), fc.nat(30_000));
  const property = fc.asyncProperty(fc.array(size, { maxLength: 40 }), async (sizes) => {
    const archive = Buffer.from(
      tarOf(sizes.map((bytes, place) => ({ path: `m${place}`, content: Buffer.alloc(bytes, `${place} `) }))),
    );
    const index = await indexTar(fileOf(archive), "archive", defaultLimits, running);
    const found = [...index].map(([path, [member]]) => {
      assert.equal(member?.kind, "file");
      return [path, archive.toString("latin1", member.offset, member.offset + member.size)];
    });
    assert.deepEqual(
      found,
      sizes.map((bytes, place) => [`m${place}`, Buffer.alloc(bytes, `${place} `).toString()]),
    );
  });
  await fc.assert(property, { seed: 4, numRuns: 200 });
});

test("what follows the end of the archive is not looked at", async () => {
  const path = fileOf(Buffer.concat([tarOf([{ path: "a" }]), tarOf([{ path: "b" }]), Buffer.alloc(20_000, "garbage")]));
  assert.deepEqual([...(await indexTar(path, "archive", defaultLimits, running)).keys()], ["a"]);
  truncateSync(path, 2 ** 40);
  assert.deepEqual([...(await indexTar(path, "archive", defaultLimits, running)).keys()], ["a"]);
});

test("links keep where they lead, inside the archive alone", async () => {
  const links = [
    ["x/up", "../y/z", "y/z"],
    ["x/same", "z", "x/z"],
    ["top", "./y//z/.", "y/z"],
    ["out", "../z", undefined],
    ["absolute", "/z", undefined],
  ] as const;
  const index = await indexTar(
    fileOf(links.map(([path, link]) => ({ path, type: "symlink", link }))),
    "archive",
    defaultLimits,
    running,
  );
  for (const [path, , target] of links) assert.deepEqual(index.get(path), [{ kind: "link", target }]);
});

test("a hard link's target counts from the archive's root", async () => {
  const path = fileOf([{ path: "y/z" }, { path: "x/link", type: "hardlink", link: "y/z" }]);
  assert.deepEqual((await indexTar(path, "archive", defaultLimits, running)).get("x/link"), [{ kind: "link", target: "y/z" }]);
});

test("members that leave the archive by their name can't be looked up", async () => {
  const index = await indexTar(
    fileOf([{ path: "../up" }, { path: "/abs" }, { path: "a/../b" }]),
    "archive",
    defaultLimits,
    running,
  );
  assert.deepEqual([...index.keys()], ["abs", "b"]);
});
