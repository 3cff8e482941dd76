import { compactElf, type CompactedElf } from "../../src/binary/compact-elf.ts";
import { PointerFinder } from "../../src/binary/device-pointers.ts";
import { elfHeaderBytes, elfHeadBytes, sectionWindow } from "../../src/binary/elf-sections.ts";
import { FatbinWalker } from "../../src/binary/fatbin.ts";
import type { FilePiece } from "../../src/binary/strip-elf.ts";

/** A file of which each container keeps the entries at `keep`, by their places in it; a text says why it is refused. */
export function compacted(
  file: Buffer,
  keep: (archs: readonly number[]) => readonly number[],
  pieceBytes = 1000,
): CompactedElf | string {
  const head = file.subarray(0, Math.min(elfHeadBytes, file.length));
  const window = sectionWindow(head, file.length);
  if (window === undefined) return "no sections";
  const headers = elfHeaderBytes(head, file.subarray(window.start, window.end), window.start);
  if (headers === undefined) return "no headers";
  const walker = new FatbinWalker(file.length);
  walker.write(file);
  const found = walker.finish();
  if (found === undefined) return "no containers";
  const finder = new PointerFinder(headers, found.starts, file.length);
  for (let at = 0; at < file.length; at += pieceBytes) finder.write(file.subarray(at, at + pieceBytes), at);
  const pointers = finder.finish();
  if ("reason" in pointers) return pointers.reason;
  const containers = [...found.starts].map((start, container) => {
    const [first = 0, end = 0] = [found.firsts[container], found.firsts[container + 1]];
    const entries = keep([...found.archs.subarray(first, end)]).map((place) => {
      const offset = found.offsets[first + place] ?? 0;
      return { start: offset, end: offset + (found.sizes[first + place] ?? 0) };
    });
    return { start, entries };
  });
  return compactElf(headers, file.length, containers, pointers);
}

/** The file that pieces make. */
export function assembled(file: Buffer, pieces: readonly FilePiece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) =>
      "bytes" in piece ? piece.bytes : "zeros" in piece ? Buffer.alloc(piece.zeros) : file.subarray(piece.start, piece.end),
    ),
  );
}
