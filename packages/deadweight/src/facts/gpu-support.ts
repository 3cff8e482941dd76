import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { textOf } from "../lib/byte-string.ts";
import { isUsable } from "../model/device-image.ts";
import { gpuTable } from "../model/gpu-table.ts";
import { printCapability, type GpuTarget } from "../model/gpu.ts";
import type { ReportGpu, ReportGpus } from "../model/report-gpus.ts";
import { cudaVersions } from "./cuda-versions.ts";
import { containersOf, deviceCode, type DeviceFile } from "./device-code.ts";
import { fileTree } from "./file-tree.ts";
import { pytorchBuild, pytorchServes, wheelFor } from "./pytorch-build.ts";

const mostPaths = 5;

/** Which GPUs an image can serve and what they need; undefined for an image without device code, CUDA and PyTorch. */
export const gpuSupport: Fact<ReportGpus | undefined> = defineFact("gpu-support", (facts: Facts) => {
  const files = facts.get(deviceCode).filter(({ table }) => table.problem === undefined);
  const cuda = facts.get(cudaVersions);
  const pytorch = facts.get(pytorchBuild);
  if (files.length === 0 && cuda.length === 0 && pytorch === undefined) return undefined;
  const known = Object.keys(gpuTable).map((name): GpuTarget => ({ capability: Number(name.replace(".", "")) }));
  const { images: _, ...reported } = pytorch ?? { images: [] };
  return {
    files: files.length,
    targets: (facts.gpus?.targets ?? known).map((target) => supportOf(facts, files, target)),
    isNamed: facts.gpus !== undefined,
    cuda,
    ...("version" in reported ? { pytorch: reported } : {}),
  };
});

function supportOf(facts: Facts, files: readonly DeviceFile[], { capability, name }: GpuTarget): ReportGpu {
  const tree = facts.get(fileTree);
  const byWay = Map.groupBy(files, (file) => wayOf(file, capability));
  const without = (byWay.get("none") ?? []).toSorted((one, other) => tree.size(other.content) - tree.size(one.content));
  const pytorch = facts.get(pytorchBuild);
  const served = pytorch === undefined ? undefined : pytorchServes(pytorch, capability);
  const instead = served === "none" ? wheelFor(pytorch?.version ?? "", capability) : undefined;
  return {
    capability: printCapability(capability),
    ...(name === undefined ? {} : { name }),
    cubin: byWay.get("cubin")?.length ?? 0,
    ptx: byWay.get("ptx")?.length ?? 0,
    none: without.length,
    without: without.slice(0, mostPaths).map(({ content }) => textOf(tree.path(content))),
    ...(served === undefined ? {} : { pytorch: served }),
    ...(instead === undefined ? {} : { pytorchInstead: instead }),
  };
}

/** How a file serves a GPU: by PTX as soon as it has nothing else in a container that has something. */
function wayOf({ table }: DeviceFile, capability: number): "cubin" | "ptx" | "none" {
  const usable = containersOf(table)
    .map(({ images }) => images.filter((image) => isUsable(image, capability)))
    .filter((images) => images.length > 0);
  if (usable.length === 0) return "none";
  return usable.every((images) => images.some(({ kind }) => kind === "cubin")) ? "cubin" : "ptx";
}
