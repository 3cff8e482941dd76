import { compactElf, zeroedElf, type CompactedElf } from "../../binary/compact-elf.ts";
import { composedPieces } from "../../binary/edited-file.ts";
import type { ElfHeaderBytes } from "../../binary/elf-headers.ts";
import type { KeptContainer } from "../../binary/kept-container.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { ContentPiece, EntryEdit, PlanContext } from "../../contracts/transform.ts";
import { elfOutlineOf } from "../../facts/debugged-files.ts";
import type { DeviceFile } from "../../facts/device-code.ts";
import type { DeviceNeeds } from "../../facts/device-needs.ts";
import { fileTree } from "../../facts/file-tree.ts";
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
  const freedBytes = needs.unneededBytes;
  const pointers = facts.devicePointers?.get(file.content) ?? unknownPointers;
  const outline = elfOutlineOf(facts, tree, file.content);
  if (outline === undefined) return "its headers are not where they could be looked at";
  const headers = cut === undefined ? outline : headersAfter(cut, outline);
  if (headers === undefined) return "it is cut in another way";
  const size = cut?.size ?? tree.size(file.content);
  const containers = keptContainers(file.table, needs, pointers);
  const made =
    containers === undefined
      ? "what stands for unused containers was not looked for"
      : smallerFile({ headers, size, isCut: cut !== undefined }, containers, pointers);
  if (typeof made === "string") return made;
  const pieces = cut === undefined ? made.pieces : composedPieces(cut.pieces, made.pieces);
  return { ...made, pieces, freedBytes, how: cut === undefined ? made.how : `${made.how}, after symbols and debug information` };
}

const unknownPointers: UnprovenPointers = {
  reason: "what leads to its device code was not looked for",
  mayLeadInside: true,
  samples: new Map(),
};

interface CutFile {
  readonly headers: ElfHeaderBytes;
  readonly size: number;
  readonly isCut: boolean;
}

/** Without the bytes where that is proven to be harmless, else with zeros in their place; a text says why neither will do. */
function smallerFile(
  { headers, size, isCut }: CutFile,
  containers: readonly (KeptContainer & { readonly end: number })[],
  pointers: DevicePointers | UnprovenPointers,
): (CompactedElf & { readonly how: string }) | string {
  if ("reason" in pointers && pointers.mayLeadInside) return pointers.reason;
  const made =
    "reason" in pointers ? pointers.reason : compactElf(headers, size, containers, isCut ? withoutSymbols(pointers) : pointers);
  if (typeof made !== "string") return { ...made, how: "is cut out" };
  return { ...zeroedElf(size, containers), how: `is zeros now, which compress to nothing; it can't be cut out: ${made}` };
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
