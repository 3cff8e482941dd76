import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseGguf } from "../../../src/catalogers/models/gguf.ts";

/** Writes GGUF's numbers and texts in one order of bytes. */
class GgufWriter {
  readonly #isLittle: boolean;
  readonly #version: number;
  readonly #parts: Buffer[] = [];

  constructor(version = 3, isLittle = true) {
    this.#version = version;
    this.#isLittle = isLittle;
    this.#parts.push(Buffer.from("GGUF"));
    this.u32(version);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    if (this.#isLittle) part.writeUInt32LE(value);
    else part.writeUInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  word(value: number | bigint): this {
    if (this.#version === 1) return this.u32(Number(value));
    const part = Buffer.alloc(8);
    if (this.#isLittle) part.writeBigUInt64LE(BigInt(value));
    else part.writeBigUInt64BE(BigInt(value));
    this.#parts.push(part);
    return this;
  }

  text(value: string): this {
    this.word(value.length);
    this.#parts.push(Buffer.from(value));
    return this;
  }

  raw(bytes: number): this {
    this.#parts.push(Buffer.alloc(bytes));
    return this;
  }

  tensor(name: string, dimensions: readonly number[], type: number): this {
    this.text(name).u32(dimensions.length);
    for (const dimension of dimensions) this.word(dimension);
    return this.u32(type).raw(8);
  }

  end(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function llama(writer: GgufWriter): Buffer {
  writer.word(3).word(6);
  writer.text("general.architecture").u32(8).text("llama");
  writer.text("general.file_type").u32(4).u32(15);
  writer.text("llama.context_length").u32(4).u32(4096);
  writer.text("llama.rope.freq_base").u32(6).raw(4);
  writer.text("tokenizer.ggml.tokens").u32(9).u32(8).word(2).text("<s>").text("</s>");
  writer.text("tokenizer.ggml.scores").u32(9).u32(6).word(2).raw(8);
  writer.tensor("token_embd.weight", [64, 100], 12);
  writer.tensor("blk.0.attn_q.weight", [64, 64], 14);
  writer.tensor("output_norm.weight", [64], 0);
  return writer.end();
}

const parameters = 64 * 100 + 64 * 64 + 64;

suite("GGUF", () => {
  test("architecture, type and parameters are in the header", () => {
    const file = llama(new GgufWriter());
    const expected = { format: "GGUF", architecture: "llama", dtypes: ["Q4_K_M"], parameters } as const;
    assert.deepEqual(parseGguf(file, file.length), expected);
  });

  test("without a file type the tensors tell, the most frequent first", () => {
    const file = new GgufWriter().word(3).word(0).tensor("a", [100], 0).tensor("b", [32, 32], 12).tensor("c", [5], 99).end();
    assert.deepEqual(parseGguf(file, file.length), { format: "GGUF", dtypes: ["Q4_K", "F32", "type 99"], parameters: 1129 });
  });

  test("version 1 has 32-bit lengths, version 3 may be big-endian", () => {
    for (const writer of [new GgufWriter(1), new GgufWriter(2), new GgufWriter(3, false)]) {
      const file = llama(writer);
      assert.equal(parseGguf(file, file.length)?.parameters, parameters);
    }
  });

  test("of a header longer than what was kept the first keys are known", () => {
    const file = llama(new GgufWriter());
    const head = file.subarray(0, file.indexOf("tokenizer.ggml.scores"));
    assert.deepEqual(parseGguf(head, file.length), { format: "GGUF", architecture: "llama", dtypes: ["Q4_K_M"] });
  });

  test("other formats are none", () => {
    for (const content of ["", "GGU", "GGML and so on", "version https://git-lfs.github.com/spec/v1\n"]) {
      assert.equal(parseGguf(Buffer.from(content), content.length), undefined);
    }
  });

  const lies: readonly (readonly [name: string, file: Buffer])[] = [
    ["a text past the end", new GgufWriter().word(0).word(1).word(1_000_000).end()],
    [
      "a text beyond all numbers",
      new GgufWriter()
        .word(0)
        .word(1)
        .word(2n ** 63n)
        .end(),
    ],
    [
      "an array past the end",
      new GgufWriter()
        .word(0)
        .word(1)
        .text("a")
        .u32(9)
        .u32(10)
        .word(2n ** 60n)
        .raw(16)
        .end(),
    ],
    ["more tensors than there are", new GgufWriter().word(10).word(0).tensor("a", [1], 0).end()],
    [
      "a shape beyond all numbers",
      new GgufWriter()
        .word(1)
        .word(0)
        .tensor("a", [2 ** 40, 2 ** 40], 0)
        .end(),
    ],
    [
      "four thousand million dimensions",
      new GgufWriter()
        .word(1)
        .word(0)
        .text("a")
        .u32(2 ** 32 - 1)
        .raw(100)
        .end(),
    ],
    ["a value of no known type", new GgufWriter().word(0).word(1).text("a").u32(77).raw(100).end()],
  ];
  for (const [name, file] of lies) {
    test(`${name} is a lie`, () => {
      const weights = parseGguf(file, file.length);
      assert.match(weights?.problem ?? "", /^the GGUF header can't be true: a length at byte \d+ is too large$/);
      assert.equal(weights?.parameters, undefined);
    });
  }

  test("arrays of arrays end somewhere", () => {
    const writer = new GgufWriter().word(0).word(1).text("a").u32(9);
    for (let depth = 0; depth < 1000; depth++) writer.u32(9).word(1);
    const file = writer.end();
    assert.notEqual(parseGguf(file, file.length)?.problem, undefined);
  });
});
