import assert from "node:assert/strict";
import { test } from "node:test";
import { baseImage } from "../../src/edits/base-image.ts";
import { edited, proposalsOf, type EditWorld } from "../support/editing.ts";

const cuda = "nvidia/cuda:12.1.0";

/** The base that a Dockerfile with this base and these instructions gets. */
function baseOf(base: string, rest: string, world: EditWorld = {}): string {
  const after = edited(baseImage, `FROM ${base}\n${rest}\n`, world);
  assert.equal(after.slice(after.indexOf("\n")), `\n${rest}\n`);
  return after.slice("FROM ".length, after.indexOf("\n"));
}

test("CUDA's flavour follows who needs it", () => {
  assert.equal(baseOf(`${cuda}-cudnn8-runtime-ubuntu22.04`, "RUN pip install torch==2.5.1 numpy"), `${cuda}-base-ubuntu22.04`);
  assert.equal(baseOf(`${cuda}-devel-ubuntu22.04 AS x`, "RUN pip install torch"), `${cuda}-base-ubuntu22.04 AS x`);
  assert.equal(
    baseOf(`${cuda}-cudnn8-devel-ubuntu22.04`, "RUN pip install faster-whisper"),
    `${cuda}-cudnn8-runtime-ubuntu22.04`,
  );
  assert.equal(
    baseOf(`mirror.example/nvidia/cuda:12.4.1-runtime-ubuntu22.04`, "RUN pip install -r requirements.txt", {
      files: { "requirements.txt": "torch>=2.4\nnumpy  # x\n" },
    }),
    "mirror.example/nvidia/cuda:12.4.1-base-ubuntu22.04",
  );
});

test("it stays where something loads or compiles, or it can't be told", () => {
  const same: readonly (readonly [string, string, EditWorld?])[] = [
    [`${cuda}-runtime-ubuntu22.04`, "RUN pip install torch onnxruntime-gpu"],
    [`${cuda}-runtime-ubuntu22.04`, "RUN pip install torch -r requirements.txt"],
    [
      `${cuda}-runtime-ubuntu22.04`,
      "RUN pip install torch -r requirements.txt",
      { files: { "requirements.txt": "faster-whisper" } },
    ],
    [`${cuda}-runtime-ubuntu22.04`, "RUN pip install numpy"],
    [`${cuda}-runtime-ubuntu22.04`, "RUN apt-get install -y libcudnn8 && pip install torch"],
    [`${cuda}-devel-ubuntu22.04`, "RUN pip install torch && make"],
    [`${cuda}-devel-ubuntu22.04`, "ENV TORCH_CUDA_ARCH_LIST=7.5\nRUN pip install torch"],
    [`${cuda}-devel-ubuntu22.04`, "RUN pip install torch flash-attn"],
    [`${cuda}-devel-ubuntu22.04`, "RUN pip install torch git+https://m.example/x"],
    [`${cuda}-base-ubuntu22.04`, "RUN pip install torch"],
    ["nvidia/cuda:99.0.0-runtime-ubuntu22.04", "RUN pip install torch"],
    [`${cuda}-runtime-ubuntu22.04@sha256:${"0".repeat(64)}`, "RUN pip install torch"],
  ];
  for (const [base, rest, world] of same) assert.equal(baseOf(base, rest, world), base, rest);
});

test("python becomes slim when nothing calls what slim lacks", () => {
  assert.equal(baseOf("python:3.11", "RUN pip install a"), "python:3.11-slim");
  assert.equal(baseOf("python:3.12.4-bookworm", "RUN pip install a"), "python:3.12.4-slim-bookworm");
  assert.equal(baseOf("python:3.11", "RUN apt-get update && apt-get install -y curl && curl x"), "python:3.11-slim");
  for (const rest of [
    "RUN git clone x",
    "RUN gcc a.c",
    "RUN pip install git+https://m.example/x",
    "HEALTHCHECK CMD curl -f http://localhost/",
    "RUN pip install .",
  ]) {
    assert.equal(baseOf("python:3.11", rest), "python:3.11", rest);
  }
  assert.equal(baseOf("python:3.11-slim", "RUN ls"), "python:3.11-slim");
});

test("a stage that builds on the shipped one counts too, a builder beside it does not", () => {
  const builder = "FROM debian AS b\nRUN make\n";
  assert.equal(proposalsOf(baseImage, `${builder}FROM python:3.11\nCOPY --from=b a b\n`).proposals.length, 1);
  assert.equal(proposalsOf(baseImage, `FROM python:3.11 AS a\nFROM a AS t\nRUN make\nFROM a\n`).proposals.length, 0);
});

test("why the base stays is said", () => {
  const { notes } = proposalsOf(baseImage, `FROM ${cuda}-runtime-ubuntu22.04\nRUN pip install torch faster-whisper\n`);
  assert.match(notes[0]?.message ?? "", /faster-whisper may load them/);
});
