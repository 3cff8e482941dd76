import { containersFrom } from "./fatbins.ts";

/** Where things are in a test library, for changes that lie. */
export interface DevicePlaces {
  readonly containers: readonly number[];
  /** Relocations of 24 bytes, one for each container. */
  readonly relocations: number;
  readonly code: number;
  readonly wrappers: number;
  readonly dynamic: number;
  readonly symbols: number;
  readonly sectionHeaders: number;
  readonly headerOf: (name: string) => number;
  /** How far behind its place in the file what is written to lies in memory. */
  readonly dataBias: number;
}

export interface DeviceElfOptions {
  readonly machine?: number;
  readonly change?: (file: Buffer, places: DevicePlaces) => void;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly content: Buffer;
  readonly align?: number;
  readonly link?: string;
  readonly bias?: number;
}

const [headerBytes, segmentBytes] = [64, 56];
const segmentCount = 5;
const dataBias = 0x1000;

/**
 * A shared library for x86-64 with containers of device code, by `containersFrom`, or given ones: a segment with all that is read, one with all that is
 * written to, and a note that is described twice, as GNU ld lays it out on Ubuntu. elf(5).
 */
export function deviceElf(containers: string | readonly Buffer[], { machine = 62, change }: DeviceElfOptions = {}): Buffer {
  const images = typeof containers === "string" ? containersFrom(containers) : containers;
  const sizes = images.map(({ length }) => length);
  const relocations = Buffer.alloc(24 * images.length);
  const wrappers = Buffer.alloc(24 * images.length);
  const dynamic = Buffer.alloc(3 * 16);
  const symbols = Buffer.alloc(24 * (images.length + 1));
  const sections: Section[] = [
    { name: ".note.gnu.property", type: 7, flags: 2, content: Buffer.alloc(32, 1), align: 8 },
    { name: ".rela.dyn", type: 4, flags: 2, content: relocations, align: 8 },
    { name: ".text", type: 1, flags: 6, content: Buffer.alloc(64, 0x90) },
    { name: ".nv_fatbin", type: 1, flags: 2, content: Buffer.concat(images), align: 8 },
    { name: ".eh_frame", type: 1, flags: 2, content: Buffer.alloc(256, 0xee), align: 8 },
    { name: ".dynamic", type: 6, flags: 3, content: dynamic, align: 8, bias: dataBias },
    { name: ".nvFatBinSegment", type: 1, flags: 3, content: wrappers, align: 8, bias: dataBias },
    { name: ".symtab", type: 2, flags: 0, content: symbols, align: 8, link: ".strtab" },
    { name: ".strtab", type: 3, flags: 0, content: Buffer.from("\0fatbinData\0") },
  ];
  const names = Buffer.from(`\0${[...sections.map(({ name }) => name), ".shstrtab"].join("\0")}\0`);
  sections.push({ name: ".shstrtab", type: 3, flags: 0, content: names });
  const places = new Map<string, number>();
  let end = headerBytes + segmentCount * segmentBytes;
  for (const { name, content, align = 1 } of sections) {
    end = Math.ceil(end / align) * align;
    places.set(name, end);
    end += content.length;
  }
  const at = (name: string): number => places.get(name) ?? 0;
  const sectionHeaders = Math.ceil(end / 8) * 8;
  const starts = sizes.map((_, number) => at(".nv_fatbin") + sizes.slice(0, number).reduce((sum, size) => sum + size, 0));
  for (const [number, start] of starts.entries()) {
    const wrapper = at(".nvFatBinSegment") + dataBias + 24 * number;
    writeWords(relocations, 24 * number, [wrapper + 8, 8, start]);
    wrappers.writeUInt32LE(0x466243b1, 24 * number);
    wrappers.writeUInt32LE(1, 24 * number + 4);
    wrappers.writeBigUInt64LE(BigInt(start), 24 * number + 8);
    symbols.writeUInt32LE(1, 24 * (number + 1));
    symbols.writeUInt16LE(4, 24 * (number + 1) + 6);
    symbols.writeBigUInt64LE(BigInt(start), 24 * (number + 1) + 8);
  }
  writeWords(dynamic, 0, [7, at(".rela.dyn"), 8, relocations.length, 0, 0]);
  const file = Buffer.alloc(sectionHeaders + 64 * (sections.length + 1));
  for (const { name, content } of sections) file.set(content, at(name));
  writeHeader(file, { machine, sectionHeaders, sections: sections.length + 1 });
  const note = { type: 4, flags: 4, offset: at(".note.gnu.property"), size: 32, bias: 0, align: 8 };
  const dataEnd = at(".nvFatBinSegment") + wrappers.length;
  const segments = [
    { type: 1, flags: 5, offset: 0, size: at(".eh_frame") + 256, bias: 0, align: 4096 },
    { type: 1, flags: 6, offset: at(".dynamic"), size: dataEnd - at(".dynamic"), bias: dataBias, align: 4096 },
    { type: 2, flags: 6, offset: at(".dynamic"), size: dynamic.length, bias: dataBias, align: 8 },
    note,
    { ...note, type: 0x6474e553 },
  ];
  for (const [number, { type, flags, offset, size, bias, align }] of segments.entries()) {
    const place = headerBytes + segmentBytes * number;
    file.writeUInt32LE(type, place);
    file.writeUInt32LE(flags, place + 4);
    writeWords(file, place + 8, [offset, offset + bias, offset + bias, size, size, align]);
  }
  const headerOf = (name: string): number => sectionHeaders + 64 * (1 + sections.findIndex((section) => section.name === name));
  for (const { name, type, flags, content, align = 1, link = "", bias = 0 } of sections) {
    const place = headerOf(name);
    file.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, place);
    file.writeUInt32LE(type, place + 4);
    writeWords(file, place + 8, [flags, flags === 0 ? 0 : at(name) + bias, at(name), content.length]);
    file.writeUInt32LE(link === "" ? 0 : 1 + sections.findIndex((section) => section.name === link), place + 40);
    file.writeBigUInt64LE(BigInt(align), place + 48);
    file.writeBigUInt64LE(type === 2 || type === 4 ? 24n : 0n, place + 56);
  }
  change?.(file, {
    containers: starts,
    relocations: at(".rela.dyn"),
    code: at(".text"),
    wrappers: at(".nvFatBinSegment"),
    dynamic: at(".dynamic"),
    symbols: at(".symtab"),
    sectionHeaders,
    headerOf,
    dataBias,
  });
  return file;
}

function writeWords(bytes: Buffer, at: number, values: readonly number[]): void {
  for (const [number, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), at + 8 * number);
}

function writeHeader(
  file: Buffer,
  { machine, sectionHeaders, sections }: { machine: number; sectionHeaders: number; sections: number },
): void {
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sectionHeaders), 40);
  for (const [number, value] of [headerBytes, segmentBytes, segmentCount, 64, sections, sections - 1].entries())
    file.writeUInt16LE(value, 52 + 2 * number);
}
