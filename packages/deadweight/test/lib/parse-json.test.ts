import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { asRecord, parseJson } from "../../src/lib/parse-json.ts";
import { UserError } from "../../src/lib/user-error.ts";

const refused = (error: unknown): boolean => error instanceof UserError && error.message.startsWith("the file: ");

test("nesting of 64 is read, of 65 is not", () => {
  assert.ok(parseJson(Buffer.from("[".repeat(64) + "]".repeat(64)), "the file"));
  assert.throws(() => parseJson(Buffer.from("[".repeat(65) + "]".repeat(65)), "the file"), refused);
  assert.throws(() => parseJson(Buffer.from('{"a":'.repeat(65) + "1" + "}".repeat(65)), "the file"), refused);
});

test("brackets in texts and behind escapes are no nesting", () => {
  const text = JSON.stringify(["[".repeat(100), `"${"{".repeat(100)}`, `\\${"[".repeat(100)}`]);
  assert.deepEqual(parseJson(Buffer.from(text), "the file"), JSON.parse(text));
});

test("any bytes give a value or a UserError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        parseJson(bytes, "the file");
      } catch (error) {
        assert.ok(refused(error));
      }
    }),
  );
});

test("any JSON value of little depth is read", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value);
      assert.equal(JSON.stringify(parseJson(Buffer.from(text), "the file")), text);
    }),
  );
});

test("bytes that are no UTF-8 are refused", () => {
  assert.throws(() => parseJson(Buffer.from([0x22, 0xff, 0x22]), "the file"), refused);
});

test("only objects are records", () => {
  assert.deepEqual(asRecord({ a: 1 }), { a: 1 });
  for (const value of [null, [], "text", 1, undefined, true]) assert.equal(asRecord(value), undefined);
});
