import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseOnnx } from "../../../src/catalogers/models/onnx.ts";

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function message(field: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** TensorProto: dims one by one as protoc writes them for proto2, type, name, raw_data. */
function tensor(dims: readonly number[], type: number, rawBytes: number): Buffer {
  return Buffer.concat([
    ...dims.map((dim) => number(1, dim)),
    number(2, type),
    message(8, "w"),
    message(9, Buffer.alloc(rawBytes)),
  ]);
}

function model(...graph: readonly Buffer[]): Buffer {
  return Buffer.concat([number(1, 8), message(2, "pytorch"), message(7, ...graph), message(8, number(2, 17))]);
}

suite("ONNX", () => {
  test("initializers are weights", () => {
    const file = model(message(1, message(4, "MatMul")), message(5, tensor([4, 8], 1, 128)), message(5, tensor([2], 7, 16)));
    assert.deepEqual(parseOnnx(file, file.length), { format: "ONNX", dtypes: ["F32", "I64"], parameters: 34 });
  });

  test("dims may be packed", () => {
    const packed = Buffer.concat([message(1, varint(300), varint(2)), number(2, 10)]);
    const file = model(message(5, packed));
    assert.deepEqual(parseOnnx(file, file.length), { format: "ONNX", dtypes: ["F16"], parameters: 600 });
  });

  test("constants and the graphs inside of nodes count too", () => {
    const constant = message(1, message(4, "Constant"), message(5, message(1, "value"), message(5, tensor([10], 1, 40))));
    const branch = message(
      1,
      message(4, "If"),
      message(5, message(1, "then"), message(6, constant, message(5, tensor([5], 1, 20)))),
    );
    const file = model(constant, branch);
    assert.equal(parseOnnx(file, file.length)?.parameters, 25);
  });

  test("weights may be in files beside it", () => {
    const external = Buffer.concat([
      number(1, 1000),
      number(2, 1),
      message(13, message(1, "location"), message(2, "model.onnx.data")),
      message(13, message(1, "offset"), message(2, "0")),
      number(14, 1),
    ]);
    const file = model(message(5, external));
    assert.deepEqual(parseOnnx(file, file.length), {
      format: "ONNX",
      dtypes: ["F32"],
      parameters: 1000,
      externalFiles: ["model.onnx.data"],
    });
  });

  test("where weights run past what was kept, their type is known", () => {
    const file = model(message(5, tensor([1000], 1, 4000)), message(5, tensor([1], 1, 4)));
    assert.deepEqual(parseOnnx(file.subarray(0, 100), file.length), { format: "ONNX", dtypes: ["F32"] });
  });

  test("other formats are none", () => {
    for (const content of ["", "\b", "\b\u0007", "\b\u0007xyz", "version https://git-lfs", "PK\u0003\u0004"]) {
      assert.equal(parseOnnx(Buffer.from(content), content.length), undefined);
    }
  });

  const lies: readonly (readonly [name: string, file: Buffer])[] = [
    ["a graph past the end", Buffer.concat([number(1, 8), varint(7 * 8 + 2), varint(1_000_000)])],
    ["a tensor past its graph", model(Buffer.concat([varint(5 * 8 + 2), varint(1000)]))],
    ["packed dims past their end", model(message(5, Buffer.concat([varint(1 * 8 + 2), varint(1), Buffer.from([0x80, 0x01])])))],
    ["a wire type that is none", model(Buffer.from([0x0f]))],
  ];
  for (const [name, file] of lies) {
    test(`${name} is a lie`, () => {
      const weights = parseOnnx(file, file.length);
      assert.equal(weights?.problem, "the ONNX header can't be true: a field that leads past its end");
      assert.equal(weights.parameters, undefined);
    });
  }

  test("graphs in graphs end somewhere", () => {
    let graph = message(1, message(5, message(6, message(2, "g"))));
    for (let depth = 0; depth < 200; depth++) graph = message(1, message(5, message(6, graph)));
    const file = model(graph);
    assert.deepEqual(parseOnnx(file, file.length), { format: "ONNX", dtypes: [], parameters: 0 });
  });
});
