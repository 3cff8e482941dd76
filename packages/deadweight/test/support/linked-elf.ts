/** A section of a linked file that is not loaded, filled with its place among them, or with given bytes. */
export interface UnloadedTestSection {
  readonly name: string;
  readonly size?: number;
  readonly content?: Uint8Array;
  /** Of symbols (2) for `.symtab`, of strings (3) for `.strtab`, plain bits (1) for others, unless told. */
  readonly type?: number;
  readonly flags?: number;
  /** Place of another one among the unloaded sections. */
  readonly linkTo?: string;
  readonly align?: number;
}

export interface LinkedElfOptions {
  /** A shared library (3) unless told. */
  readonly type?: number;
  readonly machine?: number;
  /** What follows the section headers. */
  readonly trailing?: Uint8Array;
  /** Sections of the loaded part, by name; bits in the first segment unless they are written to. */
  readonly loaded?: readonly { readonly name: string; readonly size: number; readonly type?: number; readonly link?: string }[];
  /** Changes the whole file at its end. */
  readonly change?: (file: Buffer, places: LinkedElfPlaces) => void;
}

/** Where things are in a test file. */
export interface LinkedElfPlaces {
  readonly mappedEnd: number;
  readonly table: number;
  /** Where the header of a section is. */
  readonly headerOf: (name: string) => number;
}

interface Placed {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: string;
  readonly align: number;
}

const headerBytes = 64;
const segmentBytes = 56;

/**
 * A 64-bit little-endian file as GNU ld lays one out: the ELF header, two program headers that are mapped with `.text` and `.data`, then
 * the sections that are not loaded, `.shstrtab`, and the section headers. elf(5).
 */
export function linkedElf(unloaded: readonly UnloadedTestSection[], options: LinkedElfOptions = {}): Buffer {
  const {
    loaded = [
      { name: ".text", size: 333 },
      { name: ".data", size: 50 },
    ],
  } = options;
  const placed: Placed[] = [];
  let end = headerBytes + 2 * segmentBytes;
  const textEnd = end + (loaded[0]?.size ?? 0);
  for (const { name, size, type = 1, link = "" } of loaded) {
    placed.push({ name, type, flags: name === ".data" ? 3 : 6, offset: end, size, link, align: 1 });
    end += size;
  }
  const mappedEnd = end;
  const names = [...loaded, ...unloaded].map(({ name }) => name);
  const strings = Buffer.from(`\0${[...new Set([...names, ".shstrtab"])].join("\0")}\0`, "latin1");
  const all = [...unloaded, { name: ".shstrtab", content: strings, type: 3 } as UnloadedTestSection];
  const contents = new Map<Placed, Uint8Array>();
  for (const [place, { name, size = 0, content, type = typeOf(name), flags = 0, linkTo = "", align = 1 }] of all.entries()) {
    const body = content ?? Buffer.alloc(size, place + 1);
    end = Math.ceil(end / align) * align;
    const section: Placed = { name, type, flags, offset: end, size: body.length, link: linkTo, align };
    placed.push(section);
    contents.set(section, body);
    end += body.length;
  }
  const table = Math.ceil(end / 8) * 8;
  const file = Buffer.alloc(table + headerBytes * (placed.length + 1) + (options.trailing?.length ?? 0));
  for (const { offset, size, name } of placed.slice(0, loaded.length)) file.fill(`<${name}>`, offset, offset + size, "latin1");
  for (const [{ offset }, body] of contents) file.set(body, offset);
  writeHeader(file, options, table, placed.length + 1);
  writeSegment(file, 0, { flags: 5, offset: 0, end: textEnd });
  writeSegment(file, 1, { flags: 6, offset: textEnd, end: mappedEnd });
  const indexOf = (name: string): number => placed.findIndex((section) => section.name === name) + 1;
  for (const [index, section] of placed.entries())
    writeSection(file, table + headerBytes * (index + 1), section, { strings, indexOf });
  if (options.trailing !== undefined) file.set(options.trailing, file.length - options.trailing.length);
  options.change?.(file, { mappedEnd, table, headerOf: (name) => table + headerBytes * indexOf(name) });
  return file;
}

/** What a compiler leaves for debuggers, between `.comment` and the names of sections. */
export const debugging: readonly UnloadedTestSection[] = [
  { name: ".comment", size: 30 },
  { name: ".debug_info", size: 4000 },
  { name: ".debug_str", size: 500 },
  { name: ".symtab", size: 240, linkTo: ".strtab", align: 8 },
  { name: ".strtab", size: 77 },
];

function typeOf(name: string): number {
  return name === ".symtab" ? 2 : name === ".strtab" ? 3 : 1;
}

function writeHeader(file: Buffer, { type = 3, machine = 62 }: LinkedElfOptions, table: number, sections: number): void {
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(type, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(headerBytes), 32);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(headerBytes, 52);
  file.writeUInt16LE(segmentBytes, 54);
  file.writeUInt16LE(2, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(sections, 60);
  file.writeUInt16LE(sections - 1, 62);
}

function writeSegment(file: Buffer, index: number, segment: { flags: number; offset: number; end: number }): void {
  const at = headerBytes + segmentBytes * index;
  const size = BigInt(segment.end - segment.offset);
  const address = BigInt(segment.offset + index * 0x1000);
  file.writeUInt32LE(1, at);
  file.writeUInt32LE(segment.flags, at + 4);
  file.writeBigUInt64LE(BigInt(segment.offset), at + 8);
  file.writeBigUInt64LE(address, at + 16);
  file.writeBigUInt64LE(address, at + 24);
  file.writeBigUInt64LE(size, at + 32);
  file.writeBigUInt64LE(size, at + 40);
  file.writeBigUInt64LE(0x1000n, at + 48);
}

function writeSection(
  file: Buffer,
  at: number,
  { name, type, flags, offset, size, link, align }: Placed,
  { strings, indexOf }: { strings: Buffer; indexOf: (name: string) => number },
): void {
  file.writeUInt32LE(strings.indexOf(`\0${name}\0`, 0, "latin1") + 1, at);
  file.writeUInt32LE(type, at + 4);
  file.writeBigUInt64LE(BigInt(flags), at + 8);
  file.writeBigUInt64LE(BigInt(offset), at + 24);
  file.writeBigUInt64LE(BigInt(size), at + 32);
  file.writeUInt32LE(link === "" ? 0 : indexOf(link), at + 40);
  file.writeBigUInt64LE(BigInt(align), at + 48);
}
