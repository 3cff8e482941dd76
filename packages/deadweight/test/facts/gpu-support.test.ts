import assert from "node:assert/strict";
import { test } from "node:test";
import { gpuSupport } from "../../src/facts/gpu-support.ts";
import { parseGpus, type GpuChoice } from "../../src/model/gpu.ts";
import { deviceElf } from "../support/device-elf.ts";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";

const site = "usr/local/lib/python3.11/site-packages";
const choiceOf = (gpus: string): GpuChoice => ({ targets: parseGpus(gpus), keepPtx: "none", includeVendor: false });
const torchCuda = (code: string): TestEntry => ({ path: `${site}/torch/lib/libtorch_cuda.so`, content: deviceElf(code) });

test("what a named GPU gets: machine code, PTX in some container, or nothing", () => {
  const files: readonly TestEntry[] = [
    { path: "cubins.so", content: deviceElf("e75 e86, e80") },
    { path: "mixed.so", content: deviceElf("p75 e75, p70") },
    { path: "lone.so", content: deviceElf("e90a") },
  ];
  const found = factsOf([files], { gpus: choiceOf("6.1,RTX 2080 Ti,8.9") }).get(gpuSupport);
  assert.deepEqual(found, {
    files: 3,
    targets: [
      { capability: "6.1", cubin: 0, ptx: 0, none: 3, without: found?.targets[0]?.without ?? [] },
      { capability: "7.5", name: "RTX 2080 Ti", cubin: 1, ptx: 1, none: 1, without: ["lone.so"] },
      { capability: "8.9", cubin: 1, ptx: 1, none: 1, without: ["lone.so"] },
    ],
    isNamed: true,
    cuda: [],
  });
  assert.deepEqual(found?.targets[0]?.without.toSorted(), ["cubins.so", "lone.so", "mixed.so"]);
});

test("without names every known GPU is answered, and an image without any of it says nothing", () => {
  const found = factsOf([[{ path: "a.so", content: deviceElf("e86") }]]).get(gpuSupport);
  assert.equal(found?.isNamed, false);
  const served = found?.targets.filter(({ cubin }) => cubin > 0).map(({ capability }) => capability);
  assert.deepEqual(served, ["8.6", "8.9"]);
  assert.equal(factsOf([[{ path: "a", content: "text" }]]).get(gpuSupport), undefined);
});

test("a PyTorch whose library has dropped a GPU says so, and which wheel has not", () => {
  const wheel = [
    ...pythonEntries("torch", "2.8.0"),
    ...pythonEntries("nvidia-cuda-runtime-cu12", "12.8.90"),
    torchCuda("e70 e75 e86, e70 e75 e86, e90a"),
  ];
  const found = factsOf([wheel], { gpus: choiceOf("GTX 1050 Ti,7.5,12.0") }).get(gpuSupport);
  assert.deepEqual(found?.pytorch, { version: "2.8.0", cuda: "12.8", capabilities: ["7.0", "7.5", "8.6"], basis: "device-code" });
  assert.deepEqual(
    found?.targets.map(({ pytorch, pytorchInstead }) => [pytorch, pytorchInstead]),
    [
      ["none", "torch 2.8 for cu126"],
      ["cubin", undefined],
      ["none", "torch 2.8 for cu129"],
    ],
  );
});

test("a PyTorch whose library can't be looked into is judged by the list of official wheels", () => {
  const torch = [...pythonEntries("torch", "2.8.0+cu129"), { path: `${site}/torch/lib/libtorch_cuda.so`, content: "no ELF" }];
  const found = factsOf([torch], { gpus: choiceOf("6.1,8.9,12.1") }).get(gpuSupport);
  assert.equal(found?.pytorch?.basis, "table");
  assert.deepEqual(found?.pytorch?.capabilities.slice(-2), ["10.0", "12.0+PTX"]);
  assert.deepEqual(
    found?.targets.map(({ pytorch }) => pytorch),
    ["none", "cubin", "cubin"],
  );
  assert.equal(factsOf([pythonEntries("torch", "2.5.1+cpu")]).get(gpuSupport), undefined);
});

test("the driver is that of the CUDA in use: the framework's own, not the toolkit's beside it", () => {
  const toolkit = debianEntries([{ name: "cuda-cudart-11-8", files: ["usr/local/cuda-11.8/lib64/libcudart.so.11.8.89"] }]).map(
    (entry) =>
      typeof entry.content === "string"
        ? { ...entry, content: entry.content.replace("Version: 1.0-1", "Version: 11.8.89-1") }
        : entry,
  );
  const torch = [...pythonEntries("torch", "2.5.1"), torchCuda("e86"), ...pythonEntries("nvidia-cuda-runtime-cu12", "12.4.127")];
  const versionsOf = (...layers: TestEntry[][]): unknown =>
    factsOf(layers)
      .get(gpuSupport)
      ?.cuda.map(({ version, isUsed }) => [version, isUsed]);
  assert.deepEqual(versionsOf(toolkit, torch), [
    ["11.8", false],
    ["12.4", true],
  ]);
  assert.deepEqual(versionsOf(toolkit), [["11.8", true]]);
  assert.deepEqual(versionsOf(toolkit, [...torch, ...pythonEntries("onnxruntime-gpu", "1.19.0")]), [
    ["11.8", true],
    ["12.4", true],
  ]);
  assert.deepEqual(factsOf([torch]).get(gpuSupport)?.cuda, [
    {
      version: "12.4",
      sources: ["nvidia-cuda-runtime-cu12 12.4.127"],
      isUsed: true,
      minimumDriver: "525.60.13",
      toolkitDriver: "550.54.14",
    },
  ]);
});
