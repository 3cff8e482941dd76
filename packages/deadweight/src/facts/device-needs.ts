import { isUsable, neededImages, type KeepPtx } from "../model/device-image.ts";
import { printTarget, type GpuTarget } from "../model/gpu.ts";
import { containersOf, type DeviceFile } from "./device-code.ts";

/** What of a file's device code stays for some GPUs. */
export interface DeviceNeeds {
  /** Entries of the table that stay, ascending. */
  readonly kept: readonly number[];
  /** Bytes of those that nobody needs. */
  readonly unneededBytes: number;
  readonly unneededCompressedBytes: number;
  /** GPUs that no container has anything for: the file is of no use to them, cut or not. */
  readonly unserved: readonly GpuTarget[];
}

/** What the targets need of a file; a text says why nothing can be told. Where it serves none of them, all of it stays. */
export function deviceNeeds(
  { table }: Pick<DeviceFile, "table">,
  targets: readonly GpuTarget[],
  keepPtx: KeepPtx,
): DeviceNeeds | string {
  if (table.problem !== undefined) return table.problem;
  const containers = containersOf(table);
  const serves = ({ capability }: GpuTarget): boolean =>
    containers.some(({ images }) => images.some((image) => isUsable(image, capability)));
  const unserved = targets.filter((target) => !serves(target));
  if (unserved.length === targets.length) return `it has no code for ${targets.map(printTarget).join(" and ")}`;
  const capabilities = targets.map(({ capability }) => capability);
  const kept = containers.flatMap(({ first, images, sizes }) =>
    neededImages(images, sizes, capabilities, keepPtx).map((place) => first + place),
  );
  const stays = new Set(kept);
  const sum = (column: Float64Array): number => column.reduce((total, value, entry) => total + (stays.has(entry) ? 0 : value), 0);
  return { kept, unserved, unneededBytes: sum(table.sizes), unneededCompressedBytes: sum(table.compressed) };
}
