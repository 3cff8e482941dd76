import { byteStringOf } from "../lib/byte-string.ts";

/** A section of an ELF file that the loader never maps: what `strip` can drop. Offset and size in bytes of the file. */
export interface UnloadedSection {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Bytes of an ELF file from `start` to `end` that hold its section headers, and most often their names. */
export interface SectionWindow {
  readonly start: number;
  readonly end: number;
}

/** Linkers put the section names right before the section headers; this much of what stands there is looked at. */
const namesBefore = 16 * 1024;
const noBits = 8;
const allocated = 2;

/** How many bytes of the beginning of a file `sectionWindow` reads. */
export const elfHeaderSize = 64;

interface Layout {
  readonly little: boolean;
  readonly wide: boolean;
  readonly tableOffset: number;
  readonly entrySize: number;
  readonly entryCount: number;
  readonly namesIndex: number;
}

/**
 * Where the section headers of an ELF file are. The ELF header, elf(5): magic 7f 45 4c 46, class at 4 (1: 32 bits, 2: 64), data at 5
 * (1: little-endian), e_shoff at 32 or 40, e_shentsize, e_shnum and e_shstrndx at 46 or 58. Undefined when it is no ELF file, has
 * no sections, or says what can't be.
 */
export function sectionWindow(head: Uint8Array, fileSize: number): SectionWindow | undefined {
  const layout = layoutOf(head);
  if (layout === undefined) return undefined;
  const end = layout.tableOffset + layout.entrySize * layout.entryCount;
  if (layout.entryCount === 0 || layout.tableOffset < elfHeaderSize - 12 || end > fileSize) return undefined;
  return { start: Math.max(0, layout.tableOffset - namesBefore), end };
}

/**
 * The sections with bytes in the file that are not loaded, names resolved from `window`, the bytes that `sectionWindow` asked for.
 * Empty when the names lie elsewhere in the file: nothing is said of what was not seen.
 */
export function parseUnloadedSections(
  head: Uint8Array,
  window: Uint8Array,
  windowStart: number,
  fileSize: number,
): readonly UnloadedSection[] {
  const layout = layoutOf(head);
  if (layout === undefined || layout.namesIndex >= layout.entryCount) return [];
  const table = window.subarray(layout.tableOffset - windowStart);
  const names = sectionAt(layout, table, layout.namesIndex);
  const namesStart = names.offset - windowStart;
  if (namesStart < 0 || namesStart + names.size > window.length) return [];
  const sections: UnloadedSection[] = [];
  for (let index = 1; index < layout.entryCount; index++) {
    const { type, flags, offset, size, name } = sectionAt(layout, table, index);
    const isLoaded = (flags & allocated) !== 0;
    if (isLoaded || type === noBits || size === 0 || index === layout.namesIndex || name >= names.size) continue;
    if (offset + size > fileSize) continue;
    const nameStart = namesStart + name;
    const nameEnd = window.indexOf(0, nameStart);
    sections.push({ name: byteStringOf(window, nameStart, nameEnd < 0 ? namesStart + names.size : nameEnd), offset, size });
  }
  return sections;
}

function layoutOf(head: Uint8Array): Layout | undefined {
  if (head.length < elfHeaderSize || byteStringOf(head, 0, 4) !== "\x7fELF") return undefined;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  if (!wide && head[4] !== 1) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const counts = wide ? 58 : 46;
  const tableOffset = wide ? Number(view.getBigUint64(40, little)) : view.getUint32(32, little);
  const entrySize = view.getUint16(counts, little);
  if (entrySize !== (wide ? 64 : 40) || !Number.isSafeInteger(tableOffset)) return undefined;
  return {
    little,
    wide,
    tableOffset,
    entrySize,
    entryCount: view.getUint16(counts + 2, little),
    namesIndex: view.getUint16(counts + 4, little),
  };
}

/** One section header, elf(5) Elf32_Shdr and Elf64_Shdr: name, type, flags, addr, offset, size. */
function sectionAt(
  layout: Layout,
  table: Uint8Array,
  index: number,
): { name: number; type: number; flags: number; offset: number; size: number } {
  const at = index * layout.entrySize;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const word = (offset: number): number => view.getUint32(at + offset, layout.little);
  const long = (offset: number): number => Number(view.getBigUint64(at + offset, layout.little));
  return layout.wide
    ? { name: word(0), type: word(4), flags: long(8), offset: long(24), size: long(32) }
    : { name: word(0), type: word(4), flags: word(8), offset: word(16), size: word(20) };
}
