import type { DeviceTable } from "./device-table.ts";

/** What an image of a container is made for: `sm_90a` is 90 with the suffix a. */
export interface DeviceImage {
  readonly kind: "ptx" | "cubin" | "other";
  readonly arch: number;
  /** `a` for one architecture alone, `f` for its family. */
  readonly suffix: "" | "a" | "f";
}

const kinds: Readonly<Record<number, DeviceImage["kind"]>> = { 1: "ptx", 2: "cubin" };
/** Tegra's architectures share a major number with those of other GPUs, and nothing else: nvlink takes them for themselves alone. */
const alone: ReadonlySet<number> = new Set([32, 53, 62, 72, 87, 88]);
const archSpecific = 0x100000;
const familySpecific = 0x200000;

/** An entry of a table. */
export function deviceImage({ kinds: kindOf, archs, flags }: DeviceTable, entry: number): DeviceImage {
  const bits = flags[entry] ?? 0;
  const isSet = (bit: number): boolean => Math.floor(bits / bit) % 2 === 1;
  const suffix = isSet(archSpecific) ? "a" : isSet(familySpecific) ? "f" : "";
  return { kind: kinds[kindOf[entry] ?? 0] ?? "other", arch: archs[entry] ?? 0, suffix };
}

/** As NVIDIA's tools write it: `sm_90a`, `compute_75`. */
export function printDeviceImage({ kind, arch, suffix }: DeviceImage): string {
  return `${kind === "ptx" ? "compute" : kind === "cubin" ? "sm" : "other"}_${arch}${suffix}`;
}

/** Whether a GPU of compute capability `target` (86 for 8.6) runs an image as it is, or, of PTX, once the driver has compiled it. */
export function isUsable({ kind, arch, suffix }: DeviceImage, target: number): boolean {
  if (kind === "other") return false;
  if (canonical(arch) === target) return true;
  if (suffix === "a" || canonical(arch) > target) return false;
  if (kind === "ptx") return suffix === "" || isSameMajor(arch, target);
  return isSameMajor(arch, target) && !alone.has(arch) && !alone.has(target);
}

/**
 * Places of the images of one container that a GPU may take: the driver takes the highest architecture, of equal ones the cubin, and of
 * those suffix a before f before none. That is nvlink's order; by NVIDIA's prose a cubin comes before all PTX, so the best cubin is among
 * them too. Empty when it can use none.
 */
export function chosenImages(images: readonly DeviceImage[], target: number): readonly number[] {
  const usable = [...images.keys()].filter((place) => isUsable(images[place] ?? nothing, target));
  const cubins = usable.filter((place) => images[place]?.kind === "cubin");
  const best = (places: readonly number[]): readonly number[] => {
    const highest = Math.max(...places.map((place) => rank(images[place] ?? nothing)));
    return places.filter((place) => rank(images[place] ?? nothing) === highest);
  };
  return [...new Set([...best(usable), ...best(cubins)])];
}

/** What becomes of PTX that no target needs: it goes, the newest plain one stays for GPUs to come, or all stays. */
export type KeepPtx = "none" | "forward" | "all";

/** Places of the images of one container that stay for these GPUs, ascending: what each may take, and what is no plain cubin or PTX. */
export function neededImages(images: readonly DeviceImage[], targets: readonly number[], keepPtx: KeepPtx): readonly number[] {
  const needed = new Set(targets.flatMap((target) => chosenImages(images, target)));
  for (const [place, image] of images.entries()) {
    if (image.kind === "other" || (keepPtx === "all" && image.kind === "ptx")) needed.add(place);
  }
  if (keepPtx === "forward") for (const place of forwardPtx(images)) needed.add(place);
  return [...needed].sort((one, other) => one - other);
}

/** Larger images are not held for others' sake. */
const mostSampleBytes = 65_536;

/**
 * The smallest entry of a table for each kind of image, by its printed name. A container must not be empty, which fails in another way: one
 * that no GPU can use keeps a real image that they can't use either, of an architecture that it had.
 */
export function sampleEntries(table: DeviceTable): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const [entry, size] of table.sizes.entries()) {
    const name = printDeviceImage(deviceImage(table, entry));
    const known = samples.get(name);
    if (size <= mostSampleBytes && size < (known === undefined ? Infinity : (table.sizes[known] ?? 0))) samples.set(name, entry);
  }
  return samples;
}

const nothing: DeviceImage = { kind: "other", arch: 0, suffix: "" };

function forwardPtx(images: readonly DeviceImage[]): readonly number[] {
  const isPlain = ({ kind, suffix }: DeviceImage): boolean => kind === "ptx" && suffix === "";
  const highest = Math.max(...images.filter(isPlain).map(({ arch }) => canonical(arch)));
  return [...images.keys()].filter((place) => {
    const image = images[place] ?? nothing;
    return isPlain(image) && canonical(image.arch) === highest;
  });
}

function rank({ kind, arch, suffix }: DeviceImage): number {
  return canonical(arch) * 8 + (kind === "cubin" ? 4 : 0) + { "": 0, f: 1, a: 2 }[suffix];
}

/** CUDA 13 calls 110 what was 101 before. */
function canonical(arch: number): number {
  return arch === 101 ? 110 : arch;
}

function isSameMajor(arch: number, target: number): boolean {
  return Math.floor(canonical(arch) / 10) === Math.floor(target / 10);
}
