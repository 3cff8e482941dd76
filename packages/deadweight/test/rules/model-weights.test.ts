import assert from "node:assert/strict";
import { test } from "node:test";
import { modelWeights } from "../../src/rules/model-weights.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

const weights = 2 * 1024 * 1024;

/** A safetensors file with one tensor of `size` bytes of half precision. */
function safetensors(size = weights): Uint8Array {
  const header = JSON.stringify({ w: { dtype: "F16", shape: [size / 2], data_offsets: [0, size] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(size)]);
}

const bytes = (size: number): Uint8Array => new Uint8Array(size);
const below = (folder: string, files: Readonly<Record<string, Uint8Array | string>>): TestEntry[] =>
  Object.entries(files).map(([name, content]) => ({ path: `${folder}/${name}`, content }));

test("models are named with what they are, and not counted", () => {
  const facts = factsOf([below("models/whisper", { "model.safetensors": safetensors() })]);
  const [finding, ...more] = findingsOf(modelWeights, facts);
  assert.equal(more.length, 0);
  assert.deepEqual(finding?.claims, []);
  assert.equal(
    finding?.message,
    "1 model is in the image: models/whisper/model.safetensors (safetensors, F16, 1.05 M parameters)",
  );
});

test("toy models of packages' tests are not spoken of", () => {
  const facts = factsOf([below("t", { "tiny.safetensors": safetensors(64) })]);
  assert.deepEqual(modelWeights.evaluate(facts), { notApplicable: "no model weights" });
});

test("the same weights in formats that are not loaded", () => {
  const facts = factsOf([
    below("m", {
      "model.safetensors": safetensors(),
      "pytorch_model.bin": bytes(weights),
      "tf_model.h5": bytes(weights + 1000),
      "flax_model.msgpack": bytes(weights),
      "training_args.bin": bytes(10),
    }),
    below("d", { "diffusion_pytorch_model.bin": bytes(weights), "diffusion_pytorch_model.safetensors": safetensors() }),
  ]);
  assert.deepEqual(claimedBy(modelWeights, facts), [
    "0:m/flax_model.msgpack",
    "0:m/pytorch_model.bin",
    "0:m/tf_model.h5",
    "1:d/diffusion_pytorch_model.bin",
  ]);
});

test("weights that differ, parts that are missing, and formats whose framework is installed stay", () => {
  const facts = factsOf([
    below("half", { "model.safetensors": safetensors(weights), "pytorch_model.bin": bytes(2 * weights) }),
    below("parts", {
      "model-00001-of-00002.safetensors": safetensors(),
      "pytorch_model-00001-of-00002.bin": bytes(weights / 2),
      "pytorch_model-00002-of-00002.bin": bytes(weights / 2),
    }),
    below("tf", { "model.safetensors": safetensors(), "tf_model.h5": bytes(weights) }),
    below("fp16", { "model.fp16.safetensors": safetensors(), "pytorch_model.bin": bytes(weights) }),
    pythonEntries("tensorflow", "2.16.1"),
  ]);
  assert.deepEqual(claimedBy(modelWeights, facts), []);
});

test("all parts of a split model", () => {
  const facts = factsOf([
    below("m", {
      "model-00001-of-00002.safetensors": safetensors(),
      "model-00002-of-00002.safetensors": safetensors(),
      "pytorch_model-00001-of-00001.bin": bytes(2 * weights),
    }),
  ]);
  assert.deepEqual(claimedBy(modelWeights, facts), ["0:m/pytorch_model-00001-of-00001.bin"]);
});

test("in the Hugging Face cache the blob goes with its last link", () => {
  const hub = "root/.cache/huggingface/hub/models--a--b";
  const link = (path: string, blob: string): TestEntry => ({
    path: `${hub}/${path}`,
    type: "symlink",
    link: `../../blobs/${blob}`,
  });
  const snapshot = [
    { path: `${hub}/blobs/aaa`, content: safetensors() },
    { path: `${hub}/blobs/bbb`, content: bytes(weights) },
    link("snapshots/one/model.safetensors", "aaa"),
    link("snapshots/one/pytorch_model.bin", "bbb"),
  ];
  const facts = factsOf([snapshot]);
  const last = findingsOf(modelWeights, facts).at(-1);
  assert.deepEqual(last && claimedPaths(last, facts), [`0:${hub}/blobs/bbb`, `0:${hub}/snapshots/one/pytorch_model.bin`]);

  const shared = factsOf([snapshot, [link("snapshots/two/pytorch_model.bin", "bbb")]]);
  assert.deepEqual(claimedBy(modelWeights, shared), [`0:${hub}/snapshots/one/pytorch_model.bin`]);
});
