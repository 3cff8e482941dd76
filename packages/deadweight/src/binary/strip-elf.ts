import type { ByteString } from "../lib/byte-string.ts";
import {
  elfSizes,
  parseElfHeaders,
  type ElfHeaderBytes,
  type ElfHeaders,
  type ElfSectionHeader,
  type ElfSegment,
} from "./elf-headers.ts";

/** A part of a new file: bytes of the old one from `start` up to `end`, others, or zeros. */
export type FilePiece =
  | { readonly start: number; readonly end: number }
  | { readonly bytes: Uint8Array }
  | { readonly zeros: number };

/** An ELF file without what debuggers alone read: its pieces in order, and its size. */
export interface StrippedElf {
  readonly pieces: readonly FilePiece[];
  readonly size: number;
  /** Names of the sections that went. */
  readonly removed: readonly ByteString[];
}

const loadable = 1;
const types = { bits: 1, symbols: 2, strings: 3, relocations: 4, noBits: 8, shortRelocations: 9, group: 17, symbolIndexes: 18 };
const flags = { allocated: 2, linksByInfo: 0x40 };
/** x86-64 and AArch64. Device code of other machines is read by programs of its own. */
const machines: ReadonlySet<number> = new Set([62, 183]);
/** Sections are aligned to no more than this in what is not loaded. */
const mostAlign = 64;

/** Sections that are not loaded and that only tools know, which find them by their header. Others may be a program's own. */
const knownUnloaded =
  /^(?:\.comment|\.ident|\.shstrtab|\.note\..*|\.gnu\.warning.*|\.gnu_debug(?:alt)?link|\.gnu_debugdata|\.gnu\.build\.attributes.*|\.GCC\.command\.line|\.(?:ARM|gnu)\.attributes|\.annobin\.notes|\.rustc|\.llvm_.*|\.deplibs|\.BTF(?:\.ext)?|\.ctf)$/;

/** Programs that a tool of their own has laid out, or that are looked into by one. */
const handledByOthers = /^(?:\.gnu\.(?:prelink_undo|conflict|liblist)|\.hip_fatbin|\.hipFatBinSegment|\.guile\..*)$/;

/** Whether a section that is not loaded is there for debuggers alone: symbols and DWARF, compressed or not, and their indexes. */
export function isForDebuggers(name: ByteString): boolean {
  return /^(?:\.z?debug_.*|\.symtab|\.strtab|\.symtab_shndx|\.gdb_index|\.gnu\.debuglto_.*)$/.test(name);
}

/**
 * The file without symbols and debug information, when it can be told from its headers that no other byte is missed: nothing that
 * a program header maps moves or changes, but for three fields of the ELF header that tell where section headers are. A text says
 * why it can't. `fileSize` is that of the whole file.
 */
export function stripElf(bytes: ElfHeaderBytes, fileSize: number): StrippedElf | string {
  const headers = parseElfHeaders(bytes);
  if (typeof headers === "string") return headers;
  const mappedEnd = endOfMapped(headers, fileSize);
  if (typeof mappedEnd === "string") return mappedEnd;
  const wrong = wrongSections(headers, mappedEnd, fileSize) ?? wrongTail(headers, mappedEnd, fileSize);
  if (wrong !== undefined) return wrong;
  const removed = removable(headers);
  if (removed.size === 0) return "it has nothing for debuggers";
  const bound = boundBy(headers, removed);
  if (bound !== undefined) return bound;
  return assembled(bytes, headers, { mappedEnd, removed });
}

/** The end of what program headers map, which must be laid out as linkers do: in order, aligned, headers first. */
function endOfMapped({ machine, segments }: ElfHeaders, fileSize: number): number | string {
  if (!machines.has(machine)) return `made for the machine ${machine}, whose files are not known`;
  const end = Math.max(...segments.map(({ offset, fileSize: size }) => (size === 0 ? 0 : offset + size)));
  if (end > fileSize) return "a program header leads out of the file";
  const loaded = segments.filter((segment) => segment.type === loadable);
  const [first] = loaded;
  const headersEnd = elfSizes.header + elfSizes.segment * segments.length;
  if (first === undefined || first.offset !== 0 || first.fileSize < headersEnd)
    return "the loader does not map its headers first, as linkers have it";
  for (const [index, segment] of loaded.entries()) {
    if (!isPlaced(segment)) return "a program header is not aligned as the loader needs it";
    if (index > 0 && !isBehind(segment, loaded[index - 1] ?? first))
      return "its program headers are out of order, as after patchelf";
  }
  return end;
}

function isPlaced({ offset, address, align, fileSize, memorySize }: ElfSegment): boolean {
  return align >= 1 && Number.isInteger(Math.log2(align)) && offset % align === address % align && fileSize <= memorySize;
}

function isBehind(segment: ElfSegment, before: ElfSegment): boolean {
  const isLater = segment.address >= before.address + before.memorySize;
  return isLater && (segment.fileSize === 0 || segment.offset >= before.offset + before.fileSize);
}

const hasBytes = ({ type, size }: ElfSectionHeader): boolean => type !== types.noBits && size > 0;
const isAllocated = (section: ElfSectionHeader): boolean => section.flags % 4 >= flags.allocated;
const hasFlag = (section: ElfSectionHeader, flag: number): boolean => Math.floor(section.flags / flag) % 2 === 1;

function wrongSections({ sections }: ElfHeaders, mappedEnd: number, fileSize: number): string | undefined {
  const [first, ...rest] = sections;
  if (first === undefined || first.type !== 0 || first.size !== 0) return "its sections are counted in an unusual way";
  if (!rest.some((section) => isAllocated(section) && section.type === types.bits && section.size > 0))
    return "it has nothing that is loaded: debug information for another file";
  for (const section of rest) {
    const { name, type, offset, size } = section;
    const end = offset + size;
    if (handledByOthers.test(name)) return `the section ${name}: a tool of its own reads or lays out this file`;
    if (hasBytes(section) && end > fileSize) return `the section ${name} leads out of the file`;
    if (isAllocated(section)) {
      if (hasBytes(section) && end > mappedEnd) return `the loaded section ${name} is not mapped`;
      continue;
    }
    if (type === types.relocations || type === types.shortRelocations || type === types.group)
      return `the section ${name} is for linking again`;
    if (hasBytes(section) && offset < mappedEnd)
      return "a section that is not loaded lies before something that is, as after patchelf";
    if (!(section.align <= mostAlign)) return `the section ${name} is aligned in an unusual way`;
    if (!isForDebuggers(name) && !knownUnloaded.test(name)) return `the section ${name}, which a program may read from the file`;
  }
  return undefined;
}

interface Extent {
  readonly offset: number;
  readonly size: number;
  readonly align: number;
}

/** Behind what is mapped, sections and section headers must be all there is. */
function wrongTail({ sections, sectionsOffset }: ElfHeaders, mappedEnd: number, fileSize: number): string | undefined {
  const table: Extent = { offset: sectionsOffset, size: sections.length * elfSizes.section, align: 8 };
  if (sectionsOffset < mappedEnd) return "its section headers lie in what is mapped, as Go's linker puts them";
  const unloaded = sections.filter((section) => hasBytes(section) && section.offset >= mappedEnd);
  let place = mappedEnd;
  for (const { offset, size, align } of [...unloaded, table].sort((one, other) => one.offset - other.offset)) {
    if (offset < place) return "its sections overlap";
    if (offset - place >= Math.max(align, 8)) return "it has bytes that belong to no section";
    place = offset + size;
  }
  return place === fileSize ? undefined : "data follows its last section: it may be an archive that the program reads";
}

function removable({ sections }: ElfHeaders): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [index, section] of sections.entries()) if (!isAllocated(section) && isForDebuggers(section.name)) found.add(index);
  return found;
}

/** What stays must not refer to what goes, nor be counted anew where the loaded part has the count: symbols name their sections so. */
function boundBy({ sections, namesIndex }: ElfHeaders, removed: ReadonlySet<number>): string | undefined {
  if (removed.has(namesIndex)) return "names of sections and symbols are in one section";
  const firstRemoved = Math.min(...removed);
  for (const [index, section] of sections.entries()) {
    if (removed.has(index)) {
      if (!hasUsualType(section)) return `the section ${section.name} is of an unusual type`;
      continue;
    }
    const { name, link, info } = section;
    if (isAllocated(section) && index > firstRemoved) return "sections for debuggers come before loaded ones";
    // Static programs relocate themselves without symbols; GNU ld names them there all the same, and strip(1) takes that away.
    const isSelfRelocation =
      isAllocated(section) && (section.type === types.relocations || section.type === types.shortRelocations);
    if (link >= sections.length || (removed.has(link) && !isSelfRelocation))
      return `the section ${name} refers to one that would go`;
    if (hasFlag(section, flags.linksByInfo) && (info >= sections.length || removed.has(info)))
      return `the section ${name} refers to one that would go`;
  }
  return undefined;
}

function hasUsualType({ name, type }: ElfSectionHeader): boolean {
  if (name === ".symtab") return type === types.symbols;
  if (name === ".strtab") return type === types.strings;
  return type === (name === ".symtab_shndx" ? types.symbolIndexes : types.bits);
}

interface Removal {
  readonly mappedEnd: number;
  readonly removed: ReadonlySet<number>;
}

function assembled(bytes: ElfHeaderBytes, headers: ElfHeaders, { mappedEnd, removed }: Removal): StrippedElf | string {
  const { sections } = headers;
  const pieces: FilePiece[] = [{ start: elfSizes.header, end: mappedEnd }];
  const offsets = new Map<number, number>();
  let end = mappedEnd;
  const alignTo = (align: number): void => {
    const aligned = Math.ceil(end / align) * align;
    if (aligned > end) pieces.push({ bytes: new Uint8Array(aligned - end) });
    end = aligned;
  };
  for (const index of unloadedInOrder(sections, mappedEnd)) {
    const section = sections[index];
    if (section === undefined || removed.has(index)) continue;
    alignTo(Math.max(1, section.align));
    offsets.set(index, end);
    if (!hasBytes(section)) continue;
    pieces.push({ start: section.offset, end: section.offset + section.size });
    end += section.size;
  }
  alignTo(8);
  const numbers = renumbered(sections.length, removed);
  const table = newTable(bytes.sections, headers, { removed, offsets, numbers });
  pieces.push({ bytes: table });
  const head = newHead(bytes.head, {
    sectionsOffset: end,
    count: numbers.size,
    namesIndex: numbers.get(headers.namesIndex) ?? 0,
  });
  const size = end + table.length;
  if (size >= headers.sectionsOffset + bytes.sections.length) return "nothing would be saved";
  return { pieces: [{ bytes: head }, ...pieces], size, removed: [...removed].map((index) => sections[index]?.name ?? "") };
}

function unloadedInOrder(sections: readonly ElfSectionHeader[], mappedEnd: number): readonly number[] {
  const indexes = [...sections.keys()].filter((index) => {
    const section = sections[index];
    return index > 0 && section !== undefined && !isAllocated(section) && section.offset >= mappedEnd;
  });
  return indexes.sort((one, other) => (sections[one]?.offset ?? 0) - (sections[other]?.offset ?? 0) || one - other);
}

/** By old number of a section: its new one. */
function renumbered(count: number, removed: ReadonlySet<number>): ReadonlyMap<number, number> {
  const kept = Array.from({ length: count }, (_, index) => index).filter((index) => !removed.has(index));
  return new Map(kept.map((index, place) => [index, place]));
}

interface NewPlaces {
  readonly removed: ReadonlySet<number>;
  readonly offsets: ReadonlyMap<number, number>;
  readonly numbers: ReadonlyMap<number, number>;
}

function newTable(old: Uint8Array, { sections }: ElfHeaders, { offsets, numbers }: NewPlaces): Uint8Array {
  const table = Buffer.alloc(numbers.size * elfSizes.section);
  for (const [index, place] of numbers) {
    const at = place * elfSizes.section;
    table.set(old.subarray(index * elfSizes.section, (index + 1) * elfSizes.section), at);
    const section = sections[index];
    const offset = offsets.get(index);
    if (section === undefined) continue;
    if (offset !== undefined) table.writeBigUInt64LE(BigInt(offset), at + 24);
    table.writeUInt32LE(numbers.get(section.link) ?? 0, at + 40);
    if (hasFlag(section, flags.linksByInfo)) table.writeUInt32LE(numbers.get(section.info) ?? 0, at + 44);
  }
  return table;
}

function newHead(
  head: Uint8Array,
  { sectionsOffset, count, namesIndex }: { sectionsOffset: number; count: number; namesIndex: number },
): Uint8Array {
  const changed = Buffer.from(head.subarray(0, elfSizes.header));
  changed.writeBigUInt64LE(BigInt(sectionsOffset), 40);
  changed.writeUInt16LE(count, 60);
  changed.writeUInt16LE(namesIndex, 62);
  return changed;
}
