import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicateCuda } from "../../src/rules/duplicate-cuda.ts";
import { cudaBase, elfEntry, torchWheels } from "../support/cuda-twice.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

const site = "usr/local/lib/python3.11/site-packages";
const toolkit = "usr/local/cuda-12.1/targets/x86_64-linux/lib";
const file = (path: string): TestEntry => ({ path, content: path });
const link = (path: string, target: string): TestEntry => ({ path, type: "symlink", link: target });

const base: readonly TestEntry[] = [
  file(`${toolkit}/libcublas.so.12.1.3.1`),
  link(`${toolkit}/libcublas.so.12`, "libcublas.so.12.1.3.1"),
  file(`${toolkit}/libnvrtc.so.12.1.105`),
  link("usr/local/cuda", "cuda-12.1"),
  file("usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.0"),
  link("usr/lib/x86_64-linux-gnu/libcudnn.so.8", "libcudnn.so.8.9.0"),
  file("usr/lib/x86_64-linux-gnu/libnccl.so.2.17.1"),
];
const wheels: readonly TestEntry[] = [
  file(`${site}/nvidia/cublas/lib/libcublas.so.12`),
  file(`${site}/nvidia/cudnn/lib/libcudnn.so.9`),
  file(`${site}/nvidia/nccl/lib/libnccl.so.2`),
];
const torch = [...pythonEntries("torch", "2.5.1"), file(`${site}/torch/lib/libtorch_cuda.so`)];

test("the toolkit's libraries that torch's wheels bring again, and those of another major version apart", () => {
  const facts = factsOf([base, [...wheels, ...torch]]);
  const [twice, superseded, ...more] = findingsOf(duplicateCuda, facts);
  assert.equal(more.length, 0);
  assert.equal(twice?.safety, "verified");
  assert.deepEqual(twice && claimedPaths(twice, facts), [
    "0:usr/lib/x86_64-linux-gnu/libnccl.so.2.17.1",
    `0:${toolkit}/libcublas.so.12`,
    `0:${toolkit}/libcublas.so.12.1.3.1`,
  ]);
  assert.equal(
    twice?.message,
    "2 CUDA libraries (libcublas.so.12 and libnccl.so.2) of /usr/local/cuda-12.1 and /usr/lib/x86_64-linux-gnu; " +
      "wheels or conda have them too, which torch loads",
  );
  assert.equal(superseded?.safety, "opt-in");
  assert.deepEqual(superseded && claimedPaths(superseded, facts), [
    "0:usr/lib/x86_64-linux-gnu/libcudnn.so.8",
    "0:usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.0",
  ]);
});

test("libraries inside an older torch and in conda count as the framework's own", () => {
  const bundled = factsOf([base, [...torch, file(`${site}/torch/lib/libcublas.so.12`)]]);
  assert.deepEqual(claimedBy(duplicateCuda, bundled), [`0:${toolkit}/libcublas.so.12`, `0:${toolkit}/libcublas.so.12.1.3.1`]);
  const conda = factsOf([base, [...torch, file("opt/conda/lib/libnvrtc.so.12.1.105")]]);
  assert.deepEqual(claimedBy(duplicateCuda, conda), [`0:${toolkit}/libnvrtc.so.12.1.105`]);
});

test("with software that loads the toolkit's nothing is claimed, but it is said", () => {
  for (const [name, version] of [
    ["onnxruntime-gpu", "1.19.0"],
    ["ctranslate2", "4.4.0"],
    ["cupy-cuda12x", "13.3.0"],
    ["tensorrt-cu12", "10.0.1"],
    ["vllm", "0.6.0"],
  ] as const) {
    const facts = factsOf([base, [...wheels, ...torch, ...pythonEntries(name, version)]]);
    assert.deepEqual(claimedBy(duplicateCuda, facts), [], name);
    assert.match(findingsOf(duplicateCuda, facts)[0]?.message ?? "", new RegExp(`not counted: ${name} may load the toolkit's$`));
  }
});

test("wheels that no known framework loads are said, not counted", () => {
  const facts = factsOf([base, wheels]);
  assert.deepEqual(claimedBy(duplicateCuda, facts), []);
  assert.match(findingsOf(duplicateCuda, facts)[0]?.message ?? "", /no framework is known to load the others$/);
});

test("wheels and conda: said, not counted", () => {
  const facts = factsOf([[...wheels, ...torch, file("opt/conda/lib/libcublas.so.12")]]);
  const [finding] = findingsOf(duplicateCuda, facts);
  assert.deepEqual(finding?.claims, []);
  assert.match(finding?.message ?? "", /^1 CUDA library \(libcublas.so.12\) both in wheels and in conda/);
});

test("one copy passes, libraries of applications are not compared, and no CUDA is not applicable", () => {
  assert.deepEqual(findingsOf(duplicateCuda, factsOf([base])), []);
  assert.deepEqual(findingsOf(duplicateCuda, factsOf([base, [file("app/lib/libcublas.so.12")], torch])), []);
  assert.deepEqual(duplicateCuda.evaluate(factsOf([torch])), { notApplicable: "no CUDA libraries" });
});

test("with programs looked into, the copies that nothing resolves to count, and the others are told with who uses them", () => {
  const layers = [cudaBase(), torchWheels()];
  const facts = factsOf(layers, { programs: true });
  const [twice, ...more] = findingsOf(duplicateCuda, facts);
  assert.deepEqual(more, []);
  assert.match(
    twice?.message ?? "",
    /^3 CUDA libraries .*; wheels or conda have them too and nothing resolves to these, which torch loads$/,
  );
  assert.equal(twice && claimedPaths(twice, facts).length, 6);
  const app = [elfEntry("opt/app/run", { needed: ["libcudart.so.12"] })];
  const [others, used] = findingsOf(duplicateCuda, factsOf([...layers, app], { programs: true }));
  assert.match(others?.message ?? "", /^2 CUDA libraries \(libcublas\.so\.12 and libcublasLt\.so\.12\)/);
  assert.match(
    used?.message ?? "",
    /the toolkit's are used, not counted: \/usr\/local\/.*libcudart\.so\.12\.4\.127 by \/opt\/app\/run$/,
  );
  assert.deepEqual(used?.claims, []);
});
