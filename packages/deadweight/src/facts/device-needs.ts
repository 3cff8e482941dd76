import { isUsable, neededImages, printDeviceImage, sampleEntries, type KeepPtx } from "../model/device-image.ts";
import type { DeviceTable } from "../model/device-table.ts";
import { printTarget, type GpuTarget } from "../model/gpu.ts";
import { containersOf, type DeviceFile } from "./device-code.ts";

/** What of a file's device code stays for some GPUs. */
export interface DeviceNeeds {
  /** Entries of the table that stay, ascending. */
  readonly kept: readonly number[];
  /** By container that nobody can use: the entry, of another container, of which a copy takes the place of all that it had. */
  readonly samples: ReadonlyMap<number, number>;
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
  const known = sampleEntries(table);
  const samples = new Map<number, number>();
  const loose = new Set(table.loose);
  const kept = containers.flatMap((container, number): readonly number[] => {
    // Code for linkers is handed to them with its size, where no wrapper says that it is a container.
    if (loose.has(number) && container.images.some(({ kind }) => kind === "other"))
      return container.images.map((_, place) => container.first + place);
    const needed = neededImages(container.images, capabilities, keepPtx);
    if (needed.length > 0) return needed.map((place) => container.first + place);
    const { own, sample } = standIn(table, container, known);
    if (sample === undefined) return own;
    samples.set(number, sample);
    return [];
  });
  const stays = new Set(kept);
  const copied = [...samples.values()];
  const sum = (column: Float64Array): number =>
    column.reduce((total, value, entry) => total + (stays.has(entry) ? 0 : value), 0) -
    copied.reduce((total, entry) => total + (column[entry] ?? 0), 0);
  return { kept, samples, unserved, unneededBytes: sum(table.sizes), unneededCompressedBytes: sum(table.compressed) };
}

/** What stands for a container that nobody can use: its smallest entry, or a smaller one of the file for an architecture that it has. */
function standIn(
  table: DeviceTable,
  { first, images, sizes }: ReturnType<typeof containersOf>[number],
  known: ReadonlyMap<string, number>,
): { readonly own: readonly number[]; readonly sample?: number } {
  const smallest = Math.min(...sizes);
  const bytesOf = (entry: number): number => table.sizes[entry] ?? Infinity;
  const candidates = images.flatMap((image) => known.get(printDeviceImage(image)) ?? []);
  const sample = candidates.toSorted((one, other) => bytesOf(one) - bytesOf(other))[0];
  const own = smallest === Infinity ? [] : [first + sizes.indexOf(smallest)];
  return sample === undefined || bytesOf(sample) >= smallest ? { own } : { own, sample };
}
