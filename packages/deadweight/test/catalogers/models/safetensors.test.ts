import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseSafetensors } from "../../../src/catalogers/models/safetensors.ts";

function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const small = {
  __metadata__: { format: "pt" },
  weight: { dtype: "F16", shape: [4, 8], data_offsets: [0, 64] },
  bias: { dtype: "F32", shape: [4], data_offsets: [64, 80] },
  scale: { dtype: "F32", shape: [], data_offsets: [80, 84] },
};

suite("safetensors", () => {
  test("types and parameters are in the header", () => {
    const file = fileOf(small, 84);
    assert.deepEqual(parseSafetensors(file, file.length), { format: "safetensors", dtypes: ["F16", "F32"], parameters: 37 });
  });

  test("spaces may pad the header, types may be smaller than a byte or new", () => {
    const header = {
      four: { dtype: "F4", shape: [16], data_offsets: [0, 8] },
      eight: { dtype: "F8_E4M3", shape: [8], data_offsets: [8, 16] },
      bits: { dtype: "BOOL", shape: [8], data_offsets: [16, 24] },
      future: { dtype: "X7", shape: [3], data_offsets: [24, 30] },
    };
    const file = fileOf(`${JSON.stringify(header)}   `, 30);
    assert.deepEqual(parseSafetensors(file, file.length), {
      format: "safetensors",
      dtypes: ["F4", "F8_E4M3", "BOOL", "X7"],
      parameters: 35,
    });
  });

  test("of a header longer than what was kept the first types are known", () => {
    const tensors = Array.from({ length: 100 }, (_, index) => [
      `t${index}`,
      { dtype: "BF16", shape: [2], data_offsets: [index * 4, index * 4 + 4] },
    ]);
    const file = fileOf(Object.fromEntries(tensors), 400);
    assert.deepEqual(parseSafetensors(file.subarray(0, 200), file.length), { format: "safetensors", dtypes: ["BF16"] });
  });

  test("other formats are none", () => {
    for (const content of [
      "",
      "short",
      "version https://git-lfs.github.com/spec/v1\n",
      "PK\u0003\u0004 and so on",
      "\0".repeat(100),
    ]) {
      assert.equal(parseSafetensors(Buffer.from(content), content.length), undefined);
    }
  });

  const lies: readonly (readonly [name: string, file: Uint8Array, why: string])[] = [
    [
      "a length past the end",
      fileOf(small, 84).subarray(0, 50),
      `its length is ${JSON.stringify(small).length} bytes, in a file of 50`,
    ],
    [
      "a length above 2^53",
      Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from("{}")]),
      "its length is above 2^53, in a file of 10",
    ],
    ["a header that is no JSON", fileOf("{ not JSON", 0), "header: no valid JSON"],
    ["data that is too short", fileOf(small, 80), "the tensors take 84 bytes, after the header there are 80"],
    ["data that is too long", fileOf(small, 85), "the tensors take 84 bytes, after the header there are 85"],
    [
      "a shape that is larger than its data",
      fileOf({ a: { dtype: "F32", shape: [1000, 1000], data_offsets: [0, 4] } }, 4),
      "a tensor whose shape and type don't make its size",
    ],
    [
      "a shape beyond all numbers",
      fileOf({ a: { dtype: "F32", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }, 4),
      "a tensor without type, shape or place",
    ],
    [
      "a negative place",
      fileOf({ a: { dtype: "F32", shape: [1], data_offsets: [4, 0] } }, 4),
      "a tensor without type, shape or place",
    ],
    [
      "a type that is no word",
      fileOf({ a: { dtype: "\u001b[31m", shape: [1], data_offsets: [0, 4] } }, 4),
      "a tensor without type, shape or place",
    ],
  ];
  for (const [name, file, why] of lies) {
    test(`${name} is a lie`, () => {
      assert.deepEqual(parseSafetensors(file, file.length), {
        format: "safetensors",
        dtypes: [],
        problem: `the safetensors header can't be true: ${why}`,
      });
    });
  }
});
