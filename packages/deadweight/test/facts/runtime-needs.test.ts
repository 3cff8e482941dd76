import assert from "node:assert/strict";
import { test } from "node:test";
import { runtimeNeeds, type RuntimeNeeds } from "../../src/facts/runtime-needs.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";

const needsOf = (packages: readonly string[], files: readonly string[]): RuntimeNeeds =>
  factsOf([[...packages.flatMap((name) => pythonEntries(name, "1.0")), ...files.map((path) => ({ path }))]]).get(runtimeNeeds);

test("a tool is needed by what is known to call it, when it is there", () => {
  const needs = needsOf(["torch", "triton", "numpy"], ["usr/bin/gcc", "usr/bin/git"]);
  assert.ok(needs.has("c-compiler"));
  assert.ok(!needs.has("git") && !needs.has("ninja", "cuda-compiler"));
  assert.deepEqual(needs.reasons("c-compiler"), [
    "triton compiles kernel launchers with gcc",
    "torch calls g++ for torch.compile and C++ extensions",
  ]);
});

test("without the tool its callers do without, but for headers, which NVRTC reads", () => {
  const needs = needsOf(["triton", "GitPython", "cupy_cuda12x"], []);
  assert.ok(!needs.has("c-compiler", "git"));
  assert.deepEqual(needs.reasons("cuda-headers"), ["cupy-cuda12x compiles CUDA headers with NVRTC"]);
});

test("compilers that are not in PATH: CUDA's, and conda's with the target in their name", () => {
  assert.ok(needsOf(["deepspeed"], ["usr/local/cuda-12.4/bin/nvcc"]).has("cuda-compiler"));
  assert.ok(needsOf(["triton"], ["opt/conda/envs/a/bin/x86_64-conda-linux-gnu-gcc"]).has("c-compiler"));
});

test("packages that call nothing need nothing", () => {
  assert.deepEqual(needsOf(["numpy", "flask"], ["usr/bin/gcc", "usr/bin/git", "usr/bin/ninja"]).reasons("c-compiler", "git"), []);
});
