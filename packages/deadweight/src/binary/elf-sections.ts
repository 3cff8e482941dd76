import { byteStringOf } from "../lib/byte-string.ts";
import type { ElfHeaderBytes } from "./elf-headers.ts";

/** A section of an ELF file that the loader never maps: what `strip` can drop. Offset and size in bytes of the file. */
export interface UnloadedSection {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Bytes of an ELF file from `start` to `end` that hold its section headers, and nearly always their names. */
export interface SectionWindow {
  readonly start: number;
  readonly end: number;
}

/** GNU ld puts the section names right before the section headers: this much of what stands there is looked at in any case. */
const namesBefore = 16 * 1024;
/** LLD and mold put the names of symbols between them, which can be large: this much is looked at of what is not loaded. */
const unloadedBefore = 4 * 1024 * 1024;
/** More section headers and names than this are not kept of one file: usual are four kilobytes. */
const mostHeaderBytes = 256 * 1024;
const symbols = 2;
const strings = 3;
const noBits = 8;
const allocated = 2;

/** The size of the largest ELF header: what is shorter is none. */
export const elfHeaderSize = 64;
/** Bytes at the beginning of a file that `sectionWindow` reads: the ELF header, and program headers where they follow it. */
export const elfHeadBytes = 4096;

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
  const unloaded = Math.max(loadedEnd(head, layout), layout.tableOffset - unloadedBefore);
  return { start: Math.max(0, Math.min(layout.tableOffset - namesBefore, unloaded)), end };
}

/** Where the last loaded segment ends, elf(5) Elf32_Phdr and Elf64_Phdr: type, offset and size in the file. */
function loadedEnd(head: Uint8Array, { wide, little }: Layout): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = wide ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little);
  const size = view.getUint16(wide ? 54 : 42, little);
  const count = view.getUint16(wide ? 56 : 44, little);
  if (size < (wide ? 56 : 32) || start + size * count > head.length) return 0;
  let end = 0;
  for (let at = start; at < start + size * count; at += size) {
    const isLoaded = view.getUint32(at, little) === 1;
    const offset = wide ? Number(view.getBigUint64(at + 8, little)) : view.getUint32(at + 4, little);
    const length = wide ? Number(view.getBigUint64(at + 32, little)) : view.getUint32(at + 16, little);
    if (isLoaded) end = Math.max(end, offset + length);
  }
  return end;
}

/**
 * The sections with bytes in the file that are not loaded, names resolved from `window`, the bytes that `sectionWindow` asked for.
 * Where the names lie elsewhere, symbol tables are known by their type, and nothing is said of the rest.
 */
export function parseUnloadedSections(
  head: Uint8Array,
  window: Uint8Array,
  windowStart: number,
  fileSize: number,
): readonly UnloadedSection[] {
  return sectionsOf(head, window, windowStart, fileSize).flatMap(({ isLoaded, section }) => (isLoaded ? [] : [section]));
}

/** The same of the sections that are loaded. */
export function parseLoadedSections(
  head: Uint8Array,
  window: Uint8Array,
  windowStart: number,
  fileSize: number,
): readonly UnloadedSection[] {
  return sectionsOf(head, window, windowStart, fileSize).flatMap(({ isLoaded, section }) => (isLoaded ? [section] : []));
}

interface FoundSection {
  readonly section: UnloadedSection;
  readonly isLoaded: boolean;
}

function sectionsOf(head: Uint8Array, window: Uint8Array, windowStart: number, fileSize: number): readonly FoundSection[] {
  const layout = layoutOf(head);
  if (layout === undefined || layout.namesIndex >= layout.entryCount) return [];
  const table = window.subarray(layout.tableOffset - windowStart);
  const nameOf = namesIn(window, windowStart, sectionAt(layout, table, layout.namesIndex));
  const sections: FoundSection[] = [];
  for (let index = 1; index < layout.entryCount; index++) {
    const section = sectionAt(layout, table, index);
    const { type, flags, offset, size } = section;
    if (type === noBits || size === 0 || index === layout.namesIndex || offset + size > fileSize) continue;
    const name = nameOf(section);
    if (name !== undefined) sections.push({ section: { name, offset, size }, isLoaded: (flags & allocated) !== 0 });
  }
  return sections;
}

/**
 * The bytes of all headers of an ELF file, copied: undefined where they are too many, or were not seen. `window` is what `sectionWindow`
 * asked for.
 */
export function elfHeaderBytes(head: Uint8Array, window: Uint8Array, windowStart: number): ElfHeaderBytes | undefined {
  const layout = layoutOf(head);
  if (layout === undefined || !layout.wide || layout.namesIndex >= layout.entryCount) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const segmentsEnd =
    Number(view.getBigUint64(32, layout.little)) + view.getUint16(54, layout.little) * view.getUint16(56, layout.little);
  const start = layout.tableOffset - windowStart;
  const table = window.subarray(start, start + layout.entrySize * layout.entryCount);
  const names = sectionAt(layout, table, layout.namesIndex);
  const namesStart = names.offset - windowStart;
  const isSeen = namesStart >= 0 && namesStart + names.size <= window.length && segmentsEnd <= head.length;
  if (!isSeen || table.length + names.size > mostHeaderBytes) return undefined;
  return {
    head: head.slice(0, Math.max(elfHeaderSize, segmentsEnd)),
    sections: table.slice(),
    names: window.slice(namesStart, namesStart + names.size),
  };
}

/** How sections are called: by the section of names as far as it was seen, else by their type. */
function namesIn(window: Uint8Array, windowStart: number, names: Section): (section: Section) => string | undefined {
  const start = names.offset - windowStart;
  if (start < 0 || start + names.size > window.length) {
    return ({ type }) => (type === symbols ? ".symtab" : type === strings ? ".strtab" : undefined);
  }
  return ({ name }) => {
    if (name >= names.size) return undefined;
    const end = window.indexOf(0, start + name);
    return byteStringOf(window, start + name, Math.min(end < 0 ? Infinity : end, start + names.size));
  };
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
interface Section {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

function sectionAt(layout: Layout, table: Uint8Array, index: number): Section {
  const at = index * layout.entrySize;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const word = (offset: number): number => view.getUint32(at + offset, layout.little);
  const long = (offset: number): number => Number(view.getBigUint64(at + offset, layout.little));
  return layout.wide
    ? { name: word(0), type: word(4), flags: long(8), offset: long(24), size: long(32) }
    : { name: word(0), type: word(4), flags: word(8), offset: word(16), size: word(20) };
}
