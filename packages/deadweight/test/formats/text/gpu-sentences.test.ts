import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "../../../src/formats/json.ts";
import { markdown } from "../../../src/formats/markdown.ts";
import { table } from "../../../src/formats/table.ts";
import { gpuSentences, shortGpuSentences } from "../../../src/formats/text/gpu-sentences.ts";
import type { ReportGpus } from "../../../src/model/report-gpus.ts";
import { sampleReport } from "../../support/sample-report.ts";

const gpus: ReportGpus = {
  files: 14,
  targets: [
    {
      capability: "6.1",
      name: "GTX 1050 Ti",
      cubin: 10,
      ptx: 3,
      none: 1,
      without: ["opt/x.so"],
      pytorch: "none",
      pytorchInstead: "torch 2.8 for cu126",
    },
    { capability: "8.6", cubin: 14, ptx: 0, none: 0, without: [], pytorch: "cubin" },
  ],
  isNamed: true,
  cuda: [
    {
      version: "11.8",
      sources: ["cuda-cudart-11-8 11.8.89-1"],
      isUsed: false,
      minimumDriver: "450.80.02",
      toolkitDriver: "520.61.05",
    },
    {
      version: "12.8",
      sources: ["nvidia-cuda-runtime-cu12 12.8.90"],
      isUsed: true,
      minimumDriver: "525.60.13",
      toolkitDriver: "570.26",
    },
  ],
  pytorch: { version: "2.8.0", cuda: "12.8", capabilities: ["7.0", "7.5", "8.6"], basis: "device-code" },
};
const options = { columns: 400, colour: false, verbose: true };

test("the named GPUs, the PyTorch and the drivers, each with its reason", () => {
  assert.deepEqual(gpuSentences(gpus), [
    "6.1 (GTX 1050 Ti): machine code in 10 of 14 files with code for GPUs, PTX, which the driver compiles, in 3, nothing in 1: /opt/x.so; " +
      "PyTorch 2.8.0 has no kernels for it, the wheel of torch 2.8 for cu126 does",
    "8.6: machine code in 14 of 14 files with code for GPUs; PyTorch 2.8.0 supports it",
    "PyTorch 2.8.0 for CUDA 12.8 has kernels for 7.0, 7.5, 8.6, as its library has them",
    "CUDA 11.8 (cuda-cudart-11-8 11.8.89-1): nothing that is installed is known to use it",
    "CUDA 12.8 (nvidia-cuda-runtime-cu12 12.8.90): driver 525.60.13 or newer, 570.26 or newer to compile the PTX",
  ]);
});

test("without names GPUs with the same answer stand together", () => {
  const target = (capability: string, cubin: number, ptx: number): ReportGpus["targets"][number] => ({
    capability,
    cubin,
    ptx,
    none: 2 - cubin - ptx,
    without: [],
  });
  const { pytorch: _, ...rest } = gpus;
  const all = {
    ...rest,
    files: 2,
    isNamed: false,
    targets: [target("6.1", 0, 0), target("7.5", 0, 1), target("8.0", 1, 1), target("8.6", 2, 0), target("8.9", 2, 0)],
  };
  assert.deepEqual(gpuSentences(all).slice(0, 4), [
    "nothing in any file: 6.1",
    "nothing in some files: 7.5 (1 of 2)",
    "machine code or PTX in all files: 8.0",
    "machine code in all files: 8.6, 8.9",
  ]);
  assert.deepEqual(shortGpuSentences(all), [
    "all files serve 8.0, 8.6, 8.9",
    "CUDA 12.8 (nvidia-cuda-runtime-cu12 12.8.90): driver 525.60.13 or newer, 570.26 or newer where PTX has to be compiled",
  ]);
});

test("table, Markdown and JSON have it", () => {
  const report = { ...sampleReport, gpus };
  assert.match(table.render(report, options), /^GPU: 6\.1 \(GTX 1050 Ti\): machine code in 10 of 14[^]*\nGPUs\n6\.1/m);
  assert.match(markdown.render(report, options), /^\| GPUs \|\n\| --- \|\n\| 6\.1 \(GTX 1050 Ti\): machine code/m);
  assert.deepEqual((JSON.parse(json.render(report, options)) as typeof report).gpus, gpus);
});
