import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { isUsable, type DeviceImage } from "../model/device-image.ts";
import { printCapability } from "../model/gpu.ts";
import type { ReportPytorch } from "../model/report-gpus.ts";
import { torchTable } from "../model/torch-table.ts";
import { cudaOfBuild, cudaVersions } from "./cuda-versions.ts";
import { containersOf, deviceCode } from "./device-code.ts";
import { fileTree } from "./file-tree.ts";
import { pythonPackages } from "./python-packages.ts";

/** The PyTorch of an image and the images that it has of nearly every kernel. */
export interface PytorchBuild extends ReportPytorch {
  readonly images: readonly DeviceImage[];
}

/** The PyTorch of an image; undefined where there is none, or nothing is known of its GPUs. */
export const pytorchBuild: Fact<PytorchBuild | undefined> = defineFact("pytorch-build", (facts: Facts) => {
  const installed = facts.get(pythonPackages);
  const { version } = installed.get("torch") ?? installed.get("pytorch") ?? {};
  if (version === undefined || version.includes("+cpu")) return undefined;
  const cuda = cudaOfBuild(version) ?? facts.get(cudaVersions).findLast(({ isUsed }) => isUsed)?.version;
  const known = { version, ...(cuda === undefined ? {} : { cuda }) };
  const measured = measuredImages(facts);
  if (measured.length > 0) return { ...known, images: measured, capabilities: printed(measured), basis: "device-code" };
  const listed = cuda === undefined ? undefined : officialList(releaseOf(version), `cu${cuda.replace(".", "")}`);
  return listed === undefined
    ? undefined
    : { ...known, images: imagesOf(listed), capabilities: listed.split(" "), basis: "table" };
});

/** How a build serves a GPU. */
export function pytorchServes({ images }: Pick<PytorchBuild, "images">, capability: number): "cubin" | "ptx" | "none" {
  const usable = images.filter((image) => isUsable(image, capability));
  return usable.some(({ kind }) => kind === "cubin") ? "cubin" : usable.length > 0 ? "ptx" : "none";
}

/** An official wheel for a GPU: of the same release, else the newest that has one; undefined where there is none. */
export function wheelFor(version: string, capability: number): string | undefined {
  const release = releaseOf(version);
  const releases = Object.keys(torchTable).toReversed();
  for (const candidate of [release, ...releases]) {
    const found = Object.entries(torchTable[candidate] ?? {}).findLast(
      ([, list]) => pytorchServes({ images: imagesOf(list) }, capability) !== "none",
    );
    if (found !== undefined) return `torch ${candidate} for ${found[0]}`;
  }
  return undefined;
}

function releaseOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? "";
}

function officialList(release: string, cuda: string): string | undefined {
  return torchTable[release]?.[cuda];
}

/** `8.6` is machine code, `12.0+PTX` PTX besides. */
function imagesOf(list: string): readonly DeviceImage[] {
  return list.split(" ").flatMap((text): DeviceImage[] => {
    const arch = Number(text.replace("+PTX", "").replace(".", ""));
    const cubin: DeviceImage = { kind: "cubin", arch, suffix: "" };
    return text.endsWith("+PTX") ? [cubin, { kind: "ptx", arch, suffix: "" }] : [cubin];
  });
}

/** What half of the containers of its library have: some kernels are made for the newest GPUs alone, and linked libraries have others. */
function measuredImages(facts: Facts): readonly DeviceImage[] {
  const tree = facts.get(fileTree);
  const isTorch = (entry: number): boolean => /(?:^|\/)torch\/lib\/libtorch_cuda(?:_cu|_cpp)?\.so$/.test(tree.path(entry));
  const files = facts.get(deviceCode).filter(({ names, table }) => table.problem === undefined && names.some(isTorch));
  const containers = files.flatMap(({ table }) => containersOf(table));
  const counts = new Map<string, { readonly image: DeviceImage; count: number }>();
  for (const { images } of containers) {
    for (const image of images) {
      if (image.kind === "other" || image.suffix !== "") continue;
      const key = `${image.kind} ${image.arch}`;
      const seen = counts.get(key) ?? { image, count: 0 };
      seen.count++;
      counts.set(key, seen);
    }
  }
  const most = [...counts.values()].filter(({ count }) => 2 * count >= containers.length);
  return most.map(({ image }) => image).sort((one, other) => one.arch - other.arch);
}

function printed(images: readonly DeviceImage[]): readonly string[] {
  return [...Map.groupBy(images, ({ arch }) => arch)].map(([arch, group]) => {
    const kinds = new Set(group.map(({ kind }) => kind));
    const name = printCapability(arch);
    return !kinds.has("ptx") ? name : kinds.has("cubin") ? `${name}+PTX` : `${name} as PTX`;
  });
}
