import assert from "node:assert/strict";
import { test } from "node:test";
import { jitToolchain } from "../../src/rules/jit-toolchain.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { findingsOf } from "../support/rule-claims.ts";

const site = "usr/local/lib/python3.11/site-packages";
const file = (path: string): TestEntry => ({ path, content: path, mode: 0o755 });
const messages = (...layers: TestEntry[][]): readonly string[] =>
  findingsOf(jitToolchain, factsOf(layers)).map(({ message }) => message);

test("Triton without a compiler: what is missing, and what is there", () => {
  const triton = [...pythonEntries("triton", "3.1.0"), file(`${site}/triton/backends/nvidia/bin/ptxas`)];
  assert.deepEqual(messages(triton, [file("usr/local/include/python3.11/Python.h")]), [
    "triton compiles the launcher of each kernel when it is first called: without C compiler; there is " +
      `Python.h (/usr/local/include/python3.11/Python.h) and ptxas (/${site}/triton/backends/nvidia/bin/ptxas)`,
  ]);
  const [finding] = findingsOf(jitToolchain, factsOf([triton]));
  assert.deepEqual([finding?.claims, finding?.safety], [[], "opt-in"]);
});

test("with all of it one finding says what is kept and why", () => {
  const triton = [...pythonEntries("triton", "3.1.0"), file(`${site}/triton/backends/nvidia/bin/ptxas`)];
  const rest = [file("usr/local/include/python3.11/Python.h"), file("usr/bin/gcc")];
  assert.deepEqual(messages(triton, rest), [
    "kept for running: C compiler (/usr/bin/gcc), Python.h (/usr/local/include/python3.11/Python.h) and ptxas " +
      `(/${site}/triton/backends/nvidia/bin/ptxas), as triton compiles the launcher of each kernel when it is first called`,
  ]);
});

test("each package of the break list misses what it was reported to miss", () => {
  const missing = (name: string, ...entries: TestEntry[]): string =>
    /: without ([^;]*)/.exec(messages(pythonEntries(name, "1.0"), entries)[0] ?? "")?.[1] ?? "";
  assert.equal(missing("torch"), "C++ compiler");
  assert.equal(missing("flashinfer-python", file("usr/bin/g++")), "nvcc and ninja");
  assert.equal(missing("deep-gemm", file("usr/bin/c++"), file("usr/local/cuda-12.8/bin/nvcc")), "cuobjdump");
  assert.equal(missing("vllm", file("usr/bin/g++"), file("usr/local/cuda/bin/nvcc")), "ninja");
  assert.equal(missing("cupy-cuda12x", file(`${site}/nvidia/cuda_nvrtc/lib/libnvrtc.so.12`)), "CUDA's headers");
  assert.equal(missing("jax"), "ptxas");
});

test("a PATH of the image's own is searched, and kernels that came with a package need no compiler", () => {
  const config = { environment: ["PATH=/opt/tools"] };
  const torch = pythonEntries("torch", "2.5.1");
  const found = (path: string): string | undefined =>
    findingsOf(jitToolchain, factsOf([torch, [file(path)]], { config }))[0]?.message.slice(0, 16);
  assert.equal(found("opt/tools/g++"), "kept for running");
  assert.equal(found("usr/bin/g++"), "torch compiles w");
  const cached = factsOf([[...pythonEntries("flashinfer-python", "0.3"), ...pythonEntries("flashinfer-jit-cache", "0.3")]]);
  assert.deepEqual(jitToolchain.evaluate(cached), { notApplicable: "no package is known to compile when it runs" });
});
