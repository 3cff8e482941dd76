import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { models } from "../../src/catalogers/models.ts";
import { wantedFilesOf } from "../support/layers.ts";

function safetensors(elements: number, lie = 0): Uint8Array {
  const json = Buffer.from(JSON.stringify({ w: { dtype: "F16", shape: [elements], data_offsets: [0, elements * 2] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(elements * 2 + lie)]);
}

/** ModelProto with a graph of one initializer whose data is in another file. */
function onnx(location: string): Uint8Array {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
  const entry = Buffer.concat([field(1, Buffer.from("location")), field(2, Buffer.from(location))]);
  const tensor = Buffer.concat([Buffer.from([0x08, 100, 0x10, 1]), field(13, entry)]);
  return Buffer.concat([Buffer.from([0x08, 8]), field(7, field(5, tensor))]);
}

function catalogOf(contents: Record<string, string | Uint8Array>): ReturnType<typeof models.catalog> {
  const entries = Object.entries(contents).map(([path, content]) => ({ path, content }));
  return models.catalog(wantedFilesOf(models, entries));
}

const revision = "0123456789abcdef0123456789abcdef01234567";
const hub = "root/.cache/huggingface/hub/models--openai--whisper-base";

suite("models", () => {
  test("a file is a model, named by its path", () => {
    assert.deepEqual(catalogOf({ "models/tiny.safetensors": safetensors(1500) }).packages, [
      {
        kind: "model",
        name: "models/tiny.safetensors",
        origin: "safetensors, F16, 1.5 k parameters",
        paths: ["models/tiny.safetensors"],
      },
    ]);
  });

  test("the parts of a split file are one", () => {
    const { packages } = catalogOf({
      "m/model-00001-of-00002.safetensors": safetensors(1000),
      "m/model-00002-of-00002.safetensors": safetensors(500),
      "n/model-00001-of-00002.safetensors": safetensors(10),
    });
    assert.deepEqual(
      packages.map(({ name, origin, paths }) => [name, origin, paths.length]),
      [
        ["m/model-*-of-00002.safetensors", "safetensors, F16, 1.5 k parameters", 2],
        ["n/model-*-of-00002.safetensors", "safetensors, F16, 10 parameters", 1],
      ],
    );
  });

  test("a download of the hub is one with all that is in it", () => {
    const { packages, problems } = catalogOf({
      [`${hub}/refs/main`]: revision,
      [`${hub}/blobs/aaaa`]: safetensors(1000),
      [`${hub}/blobs/bbbb`]: safetensors(24),
      [`${hub}/blobs/cccc`]: '{"model_type": "whisper"}',
    });
    assert.deepEqual(packages, [
      {
        kind: "model",
        name: "openai/whisper-base",
        version: revision,
        origin: "safetensors, F16, 1.02 k parameters",
        paths: [`${hub}/blobs/aaaa`, `${hub}/blobs/bbbb`],
        folders: [hub],
      },
    ]);
    assert.deepEqual(problems, []);
  });

  test("a download without links has its files in the snapshot", () => {
    const { packages } = catalogOf({ [`srv/models--gpt2/snapshots/${revision}/model.safetensors`]: safetensors(1000) });
    assert.deepEqual(
      packages.map(({ name, folders }) => [name, folders]),
      [["gpt2", ["srv/models--gpt2"]]],
    );
  });

  test("a download without weights is a cache, not a model", () => {
    const { packages } = catalogOf({ [`${hub}/refs/main`]: revision, [`${hub}/blobs/cccc`]: "{}" });
    assert.deepEqual(packages, []);
  });

  test("files that an ONNX model names beside it are its own, others are not", () => {
    const names = (location: string): readonly string[] | undefined =>
      catalogOf({ "m/a.onnx": onnx(location) }).packages[0]?.paths;
    assert.deepEqual(names("a.onnx.data"), ["m/a.onnx", "m/a.onnx.data"]);
    assert.deepEqual(names("./weights/a"), ["m/a.onnx", "m/weights/a"]);
    assert.deepEqual(names("../../etc/passwd"), ["m/a.onnx"]);
    assert.deepEqual(names("/etc/passwd"), ["m/a.onnx"]);
  });

  test("the content tells, not the name", () => {
    const { packages, problems } = catalogOf({
      "lib/firmware/card.bin": "\0\u0001\u0002 firmware",
      "usr/lib/python3/site.pth": "import site\n",
      "m/pointer.safetensors": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      "m/pointer.gguf": "version https://git-lfs.github.com/spec/v1\n",
      "m/text.onnx": "not a model",
      "m/gguf-as.bin": Buffer.concat([Buffer.from("GGUF\u0003\0\0\0"), Buffer.alloc(16)]),
    });
    assert.deepEqual(
      packages.map(({ name, origin }) => [name, origin]),
      [["m/gguf-as.bin", "GGUF, 0 parameters"]],
    );
    assert.deepEqual(problems, []);
  });

  test("a lying header is a problem, and the file still a model", () => {
    const { packages, problems } = catalogOf({ "m/bad.safetensors": safetensors(10, 5) });
    assert.deepEqual(
      packages.map(({ name, origin }) => [name, origin]),
      [["m/bad.safetensors", "safetensors, parameters unknown"]],
    );
    assert.deepEqual(problems, [
      {
        path: "m/bad.safetensors",
        layer: 0,
        message: "the safetensors header can't be true: the tensors take 20 bytes, after the header there are 25",
      },
    ]);
  });

  test("of a large file only the beginning is kept", () => {
    const [file] = wantedFilesOf(models, [{ path: "m/large.safetensors", content: safetensors(2_000_000) }]);
    assert.equal(file?.bytes().length, 1024 * 1024);
    assert.equal(models.catalog(file === undefined ? [] : [file]).packages[0]?.origin, "safetensors, F16, 2 M parameters");
  });
});
