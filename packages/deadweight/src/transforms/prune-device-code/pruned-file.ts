import { compactElf, type KeptContainer } from "../../binary/compact-elf.ts";
import { composedPieces } from "../../binary/edited-file.ts";
import type { ElfHeaderBytes } from "../../binary/elf-headers.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { ContentPiece, EntryEdit, PlanContext } from "../../contracts/transform.ts";
import { elfOutlineOf } from "../../facts/debugged-files.ts";
import type { DeviceFile } from "../../facts/device-code.ts";
import type { DeviceNeeds } from "../../facts/device-needs.ts";
import { fileTree } from "../../facts/file-tree.ts";
import type { DevicePointers } from "../../model/device-pointers.ts";
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
  const pointers = facts.devicePointers?.get(file.content) ?? "what leads to its device code was not looked for";
  const outline = elfOutlineOf(facts, tree, file.content);
  if (typeof pointers === "string") return pointers;
  if (outline === undefined) return "its headers are not where they could be looked at";
  const containers = keptContainers(file.table, needs.kept);
  const before = context.editOf(target);
  if (before?.action !== "cut-content") {
    const made = compactElf(outline, tree.size(file.content), containers, pointers);
    return typeof made === "string" ? made : { ...made, freedBytes: needs.unneededBytes, how: "is cut out" };
  }
  if (lacksSome(before, file.table)) return { ...before, freedBytes: needs.unneededBytes, how: "is cut out" };
  const headers = headersAfter(before, outline);
  if (headers === undefined) return "it is cut in another way";
  const made = compactElf(headers, before.size, containers, withoutSymbols(pointers));
  if (typeof made === "string") return made;
  const pieces = composedPieces(before.pieces, made.pieces);
  return { pieces, size: made.size, freedBytes: needs.unneededBytes, how: "is cut out, after symbols and debug information" };
}

/** Whether the cut has been made: notes are asked for when it is planned. */
function lacksSome({ pieces }: Cut, { offsets }: DeviceTable): boolean {
  const kept = pieces.flatMap((piece) => ("end" in piece ? [piece] : []));
  return offsets.some((offset) => !kept.some(({ start, end }) => start <= offset && offset < end));
}

function keptContainers({ starts, firsts, offsets, sizes }: DeviceTable, kept: readonly number[]): readonly KeptContainer[] {
  let next = 0;
  return [...starts].map((start, container) => {
    const end = firsts[container + 1] ?? 0;
    const from = next;
    while ((kept[next] ?? Infinity) < end) next++;
    const entries = kept.slice(from, next).map((entry) => {
      const offset = offsets[entry] ?? 0;
      return { start: offset, end: offset + (sizes[entry] ?? 0) };
    });
    return { start, entries };
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
