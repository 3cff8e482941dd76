// Layout: elf(5), Elf64_Ehdr, Elf64_Phdr and Elf64_Shdr, little-endian. All offsets and sizes are of the file.
import { byteStringOf, type ByteString } from "../lib/byte-string.ts";

/** Parts of an ELF file that say where everything else in it lies. */
export interface ElfHeaderBytes {
  /** From the beginning of the file: the ELF header and the program headers. */
  readonly head: Uint8Array;
  /** The section headers. */
  readonly sections: Uint8Array;
  /** The names of sections. */
  readonly names: Uint8Array;
}

/** A program header with what it maps. */
export interface ElfSegment {
  readonly type: number;
  /** 1 executable, 2 writable, 4 readable. */
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** A section header. */
export interface ElfSectionHeader {
  readonly name: ByteString;
  readonly type: number;
  readonly flags: number;
  /** Where it is in memory; 0 for what is not loaded. */
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
}

/** The headers of a linked 64-bit little-endian ELF file. */
export interface ElfHeaders {
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  readonly sectionsOffset: number;
  readonly sections: readonly ElfSectionHeader[];
  readonly namesIndex: number;
}

/** Sizes of the headers of 64-bit files. */
export const elfSizes = { header: 64, segment: 56, section: 64 } as const;
const highReserved = 0xff00;
/** ET_EXEC and ET_DYN. */
const linkedTypes: ReadonlySet<number> = new Set([2, 3]);

/** What the headers say; a text says why they can't be taken at their word. Nothing in them is compared with the file yet. */
export function parseElfHeaders({ head, sections, names }: ElfHeaderBytes): ElfHeaders | string {
  if (head.length < elfSizes.header || byteStringOf(head, 0, 4) !== "\x7fELF") return "no ELF file";
  if (head[4] !== 2 || head[5] !== 1 || head[6] !== 1) return "not a 64-bit little-endian ELF file";
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [segmentCount, sectionCount, namesIndex] = [view.getUint16(56, true), view.getUint16(60, true), view.getUint16(62, true)];
  if (!linkedTypes.has(view.getUint16(16, true))) return "not a program or library: object files and modules need their symbols";
  const isUsual =
    view.getUint16(52, true) === elfSizes.header &&
    view.getUint16(54, true) === elfSizes.segment &&
    view.getUint16(58, true) === elfSizes.section;
  if (!isUsual) return "its headers have unusual sizes";
  if (long(view, 32) !== elfSizes.header) return "its program headers are not at their usual place, as after patchelf";
  const segmentsEnd = elfSizes.header + elfSizes.segment * segmentCount;
  if (segmentCount === 0 || segmentsEnd > head.length) return "its program headers are missing, or more than can be looked at";
  if (sectionCount === 0 || sectionCount >= highReserved || namesIndex >= sectionCount) return "its section headers are unusual";
  if (sections.length !== sectionCount * elfSizes.section) return "its section headers are not where it says";
  const parsed = Array.from({ length: sectionCount }, (_, index) => sectionAt(sections, names, index));
  const isNamed = (section: ElfSectionHeader | undefined): section is ElfSectionHeader => section !== undefined;
  if (!parsed.every(isNamed)) return "a section has no name";
  return {
    machine: view.getUint16(18, true),
    segments: Array.from({ length: segmentCount }, (_, index) => segmentAt(view, elfSizes.header + elfSizes.segment * index)),
    sectionsOffset: long(view, 40),
    sections: parsed,
    namesIndex,
  };
}

/** Larger numbers than any file has become larger still: they are then seen to lie outside. */
function long(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}

function segmentAt(view: DataView, at: number): ElfSegment {
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: long(view, at + 8),
    address: long(view, at + 16),
    fileSize: long(view, at + 32),
    memorySize: long(view, at + 40),
    align: long(view, at + 48),
  };
}

function sectionAt(table: Uint8Array, names: Uint8Array, index: number): ElfSectionHeader | undefined {
  const view = new DataView(table.buffer, table.byteOffset + index * elfSizes.section, elfSizes.section);
  const start = view.getUint32(0, true);
  const end = start < names.length ? names.indexOf(0, start) : -1;
  if (end < 0) return undefined;
  return {
    name: byteStringOf(names, start, end),
    type: view.getUint32(4, true),
    flags: long(view, 8),
    address: long(view, 16),
    offset: long(view, 24),
    size: long(view, 32),
    link: view.getUint32(40, true),
    info: view.getUint32(44, true),
    align: long(view, 48),
  };
}
