import { compactElf, zeroedElf, type CompactedElf } from "../../binary/compact-elf.ts";
import { composedPieces } from "../../binary/edited-file.ts";
import type { ElfHeaderBytes } from "../../binary/elf-headers.ts";
import { containerBytes, type KeptContainer } from "../../binary/kept-container.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { ContentPiece, EntryEdit, PlanContext } from "../../contracts/transform.ts";
import { elfOutlineOf } from "../../facts/debugged-files.ts";
import type { DeviceFile } from "../../facts/device-code.ts";
import type { DeviceNeeds } from "../../facts/device-needs.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { printBytes } from "../../lib/byte-size.ts";
import type { DevicePointers, HeldImages, UnprovenPointers } from "../../model/device-pointers.ts";
import type { DeviceTable } from "../../model/device-table.ts";

/** New content of a file with less device code. */
export interface PrunedFile {
  readonly pieces: readonly ContentPiece[];
  readonly size: number;
  readonly freedBytes: number;
  /** What has become of them, in words. */
  readonly how: string;
}

type Cut = EntryEdit & { readonly action: "cut-content" };

/** The file without what is not needed; a text says why it can't be made. What was cut out of it already stays out. */
export function prunedFile(
  facts: Facts,
  context: PlanContext,
  { target, file }: { readonly target: number; readonly file: DeviceFile },
  needs: DeviceNeeds,
): PrunedFile | string {
  const tree = facts.get(fileTree);
  const before = context.editOf(target);
  const cut = before?.action === "cut-content" ? before : undefined;
  const pointers = facts.devicePointers?.get(file.content) ?? unknownPointers;
  const outline = elfOutlineOf(facts, tree, file.content);
  if (outline === undefined) return "its headers are not where they could be looked at";
  const headers = cut === undefined ? outline : headersAfter(cut, outline);
  if (headers === undefined) return "it is cut in another way";
  const size = cut?.size ?? tree.size(file.content);
  const containers = keptContainers(file.table, needs, pointers);
  if (containers === undefined) return "what stands for unused containers was not looked for";
  const made = smallerFile({ headers, size, isCut: cut !== undefined }, sorted(file.table, containers, pointers), pointers);
  if (typeof made === "string") return made;
  const pieces = cut === undefined ? made.pieces : composedPieces(cut.pieces, made.pieces);
  return { ...made, pieces, how: cut === undefined ? made.how : `${made.how}, after symbols and debug information` };
}

const unknownPointers: UnprovenPointers = {
  reason: "what leads to its device code was not looked for",
  mayLeadInside: true,
  samples: new Map(),
  loose: new Uint32Array(0),
};

interface CutFile {
  readonly headers: ElfHeaderBytes;
  readonly size: number;
  readonly isCut: boolean;
}

type Container = KeptContainer & { readonly end: number };

/** Containers in the sections for such, and those of the others that are proven to be read as containers alone. */
interface SortedContainers {
  readonly own: readonly Container[];
  readonly loose: readonly Container[];
}

function sorted(table: DeviceTable, containers: readonly Container[], { loose }: HeldImages): SortedContainers {
  const apart = new Set(table.loose);
  return {
    own: containers.filter((_, number) => !apart.has(number)),
    loose: [...loose].flatMap((place) => containers[table.loose[place] ?? -1] ?? []),
  };
}

/** Without the bytes where that is proven to be harmless, else with zeros in their place; a text says why neither will do. */
function smallerFile(
  { headers, size, isCut }: CutFile,
  { own, loose }: SortedContainers,
  pointers: DevicePointers | UnprovenPointers,
): (Omit<PrunedFile, "pieces"> & CompactedElf) | string {
  if ("reason" in pointers && pointers.mayLeadInside) return pointers.reason;
  const made =
    "reason" in pointers ? pointers.reason : compactElf(headers, size, own, isCut ? withoutSymbols(pointers) : pointers);
  const freedBytes = freed(own) + freed(loose);
  if (freedBytes === 0) return "what leads to its code for other GPUs, outside of the sections for such, is not known";
  const zeroed = zeroedElf(size, loose);
  const among = freed(loose) === 0 ? "" : `; ${printBytes(freed(loose))} of it among other constants is zeros now`;
  if (typeof made !== "string")
    return { size: made.size, pieces: composedPieces(zeroed.pieces, made.pieces), freedBytes, how: `is cut out${among}` };
  const pieces = composedPieces(zeroed.pieces, zeroedElf(size, own).pieces);
  return { size, pieces, freedBytes, how: `is zeros now, which compress to nothing; it can't be cut out: ${made}` };
}

function freed(containers: readonly Container[]): number {
  return containers.reduce((sum, container) => sum + container.end - container.start - containerBytes(container), 0);
}

/** The containers with what stays of them; undefined when the bytes of an image are not there that is to stand for another. */
function keptContainers(
  { starts, ends, firsts, offsets, sizes }: DeviceTable,
  { kept, samples }: DeviceNeeds,
  held: HeldImages,
): readonly (KeptContainer & { readonly end: number })[] | undefined {
  if (![...samples.values()].every((entry) => held.samples.has(entry))) return undefined;
  let next = 0;
  return [...starts].map((start, container) => {
    const end = firsts[container + 1] ?? 0;
    const from = next;
    while ((kept[next] ?? Infinity) < end) next++;
    const own = kept.slice(from, next).map((entry) => {
      const offset = offsets[entry] ?? 0;
      return { start: offset, end: offset + (sizes[entry] ?? 0) };
    });
    const sample = held.samples.get(samples.get(container) ?? -1);
    return { start, end: ends[container] ?? 0, entries: sample === undefined ? own : [{ bytes: sample }] };
  });
}

/** `strip-symbols` makes the ELF header anew, its first piece, and the section headers, its last. */
function headersAfter({ pieces }: Cut, { head, names }: ElfHeaderBytes): ElfHeaderBytes | undefined {
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (first === undefined || last === undefined || !("bytes" in first) || !("bytes" in last)) return undefined;
  return { head: Buffer.concat([first.bytes, head.subarray(first.bytes.length)]), sections: last.bytes, names };
}

function withoutSymbols(pointers: DevicePointers): DevicePointers {
  return { ...pointers, symbols: new Float64Array(0), symbolBytes: new Uint8Array(0) };
}
