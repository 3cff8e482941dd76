import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { deviceImage, printDeviceImage, type DeviceImage } from "../model/device-image.ts";
import type { DeviceTable } from "../model/device-table.ts";
import { fileTree } from "./file-tree.ts";
import { owners } from "./owners.ts";

/** A visible program or library with code for GPUs. */
export interface DeviceFile {
  /** The entry with the content. */
  readonly content: number;
  /** The visible entries that are this file. */
  readonly names: readonly number[];
  readonly table: DeviceTable;
  /** Whether it is a part of CUDA: NVIDIA's licence restricts changes of it. */
  readonly isVendor: boolean;
}

/** Device code of one architecture and kind, in bytes. */
export interface DeviceShare {
  readonly image: DeviceImage;
  readonly count: number;
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** What wheels of others have of NVIDIA's in a library of its own, as PyTorch's have cuSPARSELt. */
const bundled = /(?:^|\/)lib(?:cublas|cublasLt|cudnn|cufft|curand|cusolver|cusparse|cusparseLt|nccl)[-.\w]*\.so[.\d]*$/;

/** All visible files with device code, in the order of their contents. Gathered in the single pass over the layers. */
export const deviceCode: Fact<readonly DeviceFile[]> = defineFact("device-code", (facts: Facts) => {
  const tree = facts.get(fileTree);
  if (facts.layers.every((layer) => layer.deviceCode.size === 0)) return [];
  const names = new Map<number, number[]>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    if (tree.deviceTable(content) === undefined) continue;
    const known = names.get(content);
    if (known === undefined) names.set(content, [entry]);
    else known.push(entry);
  }
  const { of } = facts.get(owners);
  return [...names]
    .sort(([one], [other]) => one - other)
    .flatMap(([content, entries]): DeviceFile[] => {
      const table = tree.deviceTable(content);
      const isVendor = entries.some((entry) => of(entry).kind === "cuda" || bundled.test(tree.path(entry)));
      return table === undefined ? [] : [{ content, names: entries, table, isVendor }];
    });
});

/** The images of each container, with their entries in the columns of the table. */
export function containersOf(
  table: DeviceTable,
): readonly { readonly first: number; readonly images: readonly DeviceImage[]; readonly sizes: readonly number[] }[] {
  return [...table.starts.keys()].map((container) => {
    const [first = 0, end = 0] = [table.firsts[container], table.firsts[container + 1]];
    const entries = Array.from({ length: end - first }, (_, place) => first + place);
    return {
      first,
      images: entries.map((entry) => deviceImage(table, entry)),
      sizes: entries.map((entry) => table.sizes[entry] ?? 0),
    };
  });
}

/** Bytes by architecture and kind of entries of tables, the lowest architecture first. */
export function deviceShares(tables: readonly DeviceTable[]): readonly DeviceShare[] {
  const shares = new Map<string, { image: DeviceImage; count: number; bytes: number; compressedBytes: number }>();
  for (const table of tables) {
    for (const entry of table.offsets.keys()) {
      const image = deviceImage(table, entry);
      const share = shares.get(printDeviceImage(image)) ?? { image, count: 0, bytes: 0, compressedBytes: 0 };
      share.count++;
      share.bytes += table.sizes[entry] ?? 0;
      share.compressedBytes += table.compressed[entry] ?? 0;
      shares.set(printDeviceImage(image), share);
    }
  }
  return [...shares.values()].sort(
    (one, other) => one.image.arch - other.image.arch || (printDeviceImage(one.image) < printDeviceImage(other.image) ? -1 : 1),
  );
}
