import assert from "node:assert/strict";
import { test } from "node:test";
import { cudaWithoutGpuUse } from "../../src/rules/cuda-without-gpu-use.ts";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const library = "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12";
const cuda = debianEntries([
  { name: "libcublas-12-4", files: [library] },
  { name: "curl", files: ["usr/bin/curl"] },
]);
const site = "usr/local/lib/python3.11/site-packages";
const native: TestEntry = { path: "app/server", content: new Uint8Array(5000), mode: 0o755 };

test("CUDA beside packages that don't use it", () => {
  const facts = factsOf([cuda, pythonEntries("fastapi", "0.115.0"), pythonEntries("torch", "2.5.1+cpu")]);
  assert.ok(claimedBy(cudaWithoutGpuUse, facts).includes(`0:${library}`));
  assert.ok(!claimedBy(cudaWithoutGpuUse, facts).includes("0:usr/bin/curl"));
  const [finding] = findingsOf(cudaWithoutGpuUse, facts);
  assert.equal(finding?.safety, "opt-in");
  assert.equal(finding?.message, "1 part of CUDA (cublas), and none of 4 packages is known to use CUDA");
});

test("wheels of CUDA beside a torch for CPUs", () => {
  const facts = factsOf([
    [
      ...pythonEntries("nvidia-cublas-cu12", "12.4.5.8", ["nvidia/cublas/lib/libcublas.so.12"]),
      ...pythonEntries("torch", "2.5.1"),
    ],
  ]);
  assert.ok(claimedBy(cudaWithoutGpuUse, facts).includes(`0:${site}/nvidia/cublas/lib/libcublas.so.12`));
});

test("whatever is known to use CUDA lets it pass", () => {
  const users: readonly (readonly TestEntry[])[] = [
    [...pythonEntries("torch", "2.5.1", ["torch/lib/libtorch_cuda.so"])],
    pythonEntries("tensorflow", "2.16.1"),
    pythonEntries("onnxruntime-gpu", "1.19.0"),
    pythonEntries("jaxlib", "0.4.30+cuda12.cudnn91"),
    [...pythonEntries("numba", "0.60.0"), { path: "usr/local/cuda-12.4/nvvm/lib64/libnvvm.so.4" }],
  ];
  for (const user of users) assert.deepEqual(findingsOf(cudaWithoutGpuUse, factsOf([cuda, user])), []);
});

test("a package that depends on a part of CUDA uses it", () => {
  const facts = factsOf([
    debianEntries([
      { name: "libcublas-12-4", files: [library] },
      { name: "simulator", depends: "libcublas-12-4 (>= 12.4)", files: ["usr/bin/simulator"] },
    ]),
  ]);
  assert.deepEqual(findingsOf(cudaWithoutGpuUse, facts), []);
});

test("native programs of the image's own are not judged; scripts and interpreters are no such", () => {
  assert.deepEqual(cudaWithoutGpuUse.evaluate(factsOf([cuda, [native]])), {
    notApplicable: "native programs of the image's own may use CUDA: /app/server",
  });
  const script: TestEntry = { path: "app/start.sh", content: new Uint8Array(5000), mode: 0o755 };
  const python: TestEntry = { path: "usr/local/bin/python3.11", content: new Uint8Array(5000), mode: 0o755 };
  assert.equal(findingsOf(cudaWithoutGpuUse, factsOf([cuda, [script, python]])).length, 1);
});

test("no CUDA: not applicable", () => {
  assert.deepEqual(cudaWithoutGpuUse.evaluate(factsOf([[native]])), { notApplicable: "no CUDA in the image" });
});
