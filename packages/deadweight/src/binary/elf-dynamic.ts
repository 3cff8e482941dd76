// Layout: elf(5), and "Symbol Versioning" of the Linux Standard Base. Program headers say where the dynamic section is; its pairs of
// tag and value say where names, symbols and versions are, as addresses, which the loaded segments turn into places in the file.
import { byteStringOf, type ByteString } from "../lib/byte-string.ts";
import { parseSymbols } from "./elf-dynamic/symbols.ts";
import type { ElfForm, ReadAt } from "./elf-dynamic/table-context.ts";
import { parseVersionDefinitions, parseVersionNeeds } from "./elf-dynamic/versions.ts";

/** What the loader reads of an ELF file. */
export interface ElfDynamic {
  readonly machine: string;
  readonly interpreter?: ByteString;
  readonly soname?: ByteString;
  readonly needed: readonly ByteString[];
  readonly rpath: readonly ByteString[];
  readonly runpath: readonly ByteString[];
  readonly versionsNeeded: readonly (readonly [library: ByteString, versions: readonly ByteString[]])[];
  readonly versions: readonly ByteString[];
  readonly defined: Uint32Array;
  readonly undefined: Uint32Array;
  readonly isWhole: boolean;
}

/** Bytes of a file from `start` to `end`. */
export interface FileWindow {
  readonly start: number;
  readonly end: number;
}

interface Segment extends FileWindow {
  readonly type: number;
  readonly isCode: boolean;
  readonly address: number;
}

/** Kept of one segment: the tables that the loader reads come first, and are smaller in all libraries seen. */
const mostOfSegment = 32 * 1024 * 1024;
const mostSegments = 64;
const mostNeeded = 1000;
const loaded = 1;
const dynamic = 2;
const interpreter = 3;

const tags = {
  needed: 1,
  hash: 4,
  strings: 5,
  symbols: 6,
  stringBytes: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  definitions: 0x6ffffffc,
  definitionCount: 0x6ffffffd,
  needs: 0x6ffffffe,
  needCount: 0x6fffffff,
} as const;

/**
 * The parts of a file that `parseElfDynamic` may read, ascending and apart, by its first bytes; undefined for what the loader does not
 * read: no ELF file, or a program that needs nothing.
 */
export function dynamicWindows(head: Uint8Array, fileSize: number): readonly FileWindow[] | undefined {
  const segments = segmentsOf(head)?.segments ?? [];
  if (!segments.some(({ type }) => type === dynamic)) return undefined;
  const wanted = segments
    .filter(
      ({ type, isCode, start }) => type === dynamic || type === interpreter || (type === loaded && (!isCode || start === 0)),
    )
    .map(({ start, end }) => ({ start, end: Math.min(end, start + mostOfSegment, fileSize) }))
    .filter(({ start, end }) => start < end)
    .sort((one, other) => one.start - other.start);
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of wanted) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** What the loader reads, as far as the bytes are there. */
export function parseElfDynamic(head: Uint8Array, read: ReadAt): ElfDynamic | undefined {
  const file = segmentsOf(head);
  const section = file?.segments.find(({ type }) => type === dynamic);
  if (file === undefined || section === undefined) return undefined;
  const { form, machine, segments } = file;
  const bytes = read(section.start, section.end - section.start);
  const pairs = bytes === undefined ? [] : pairsOf(bytes, form);
  const first = (tag: number): number | undefined => pairs.find(([name]) => name === tag)?.[1];
  const placeOf = (tag: number): number | undefined => placeOfAddress(segments, first(tag));
  const textAt = textsAt(read, placeOf(tags.strings), first(tags.stringBytes) ?? 0);
  const texts = (tag: number): ByteString[] =>
    pairs
      .filter(([name]) => name === tag)
      .flatMap(([, value]) => textAt(value) ?? [])
      .slice(0, mostNeeded);
  const soname = texts(tags.soname)[0];
  const path = interpreterOf(segments, read);
  const context = { form, read, textAt };
  const symbols = parseSymbols(context, placeOf(tags.symbols), { gnu: placeOf(tags.gnuHash), old: placeOf(tags.hash) });
  return {
    machine,
    ...(path === undefined ? {} : { interpreter: path }),
    ...(soname === undefined ? {} : { soname }),
    needed: texts(tags.needed),
    rpath: texts(tags.rpath).flatMap((folders) => folders.split(":")),
    runpath: texts(tags.runpath).flatMap((folders) => folders.split(":")),
    versionsNeeded: parseVersionNeeds(context, placeOf(tags.needs), first(tags.needCount) ?? 0),
    versions: parseVersionDefinitions(context, placeOf(tags.definitions), first(tags.definitionCount) ?? 0),
    defined: symbols?.defined ?? new Uint32Array(0),
    undefined: symbols?.undefined ?? new Uint32Array(0),
    isWhole: bytes !== undefined && symbols !== undefined && textAt(0) !== undefined,
  };
}

interface ElfFile {
  readonly form: ElfForm;
  readonly machine: string;
  readonly segments: readonly Segment[];
}

/** Elf32_Ehdr and Elf64_Ehdr: class at 4, data at 5, e_machine at 18, e_phoff at 28 or 32, e_phentsize and e_phnum at 42 or 54. */
function segmentsOf(head: Uint8Array): ElfFile | undefined {
  if (head.length < 64 || byteStringOf(head, 0, 4) !== "\x7fELF") return undefined;
  const form: ElfForm = { wide: head[4] === 2, little: head[5] === 1 };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = form.wide ? Number(view.getBigUint64(32, form.little)) : view.getUint32(28, form.little);
  const size = view.getUint16(form.wide ? 54 : 42, form.little);
  const count = view.getUint16(form.wide ? 56 : 44, form.little);
  if (size !== (form.wide ? 56 : 32) || count > mostSegments || start + size * count > head.length) return undefined;
  const machine = `${form.wide ? 64 : 32} ${view.getUint16(18, form.little)}`;
  const segments = Array.from({ length: count }, (_, index) => segmentAt(view, start + size * index, form));
  return { form, machine, segments: segments.filter(({ end }) => Number.isSafeInteger(end)) };
}

/** Elf64_Phdr: type, flags, offset, vaddr, paddr, filesz; Elf32_Phdr: type, offset, vaddr, paddr, filesz, memsz, flags. */
function segmentAt(view: DataView, at: number, { wide, little }: ElfForm): Segment {
  const word = (offset: number): number => view.getUint32(at + offset, little);
  const long = (offset: number): number => Number(view.getBigUint64(at + offset, little));
  const [flags, start, address, size] = wide ? [word(4), long(8), long(16), long(32)] : [word(24), word(4), word(8), word(16)];
  return { type: word(0), isCode: flags % 2 === 1, start, end: start + size, address };
}

function pairsOf(bytes: Uint8Array, { wide, little }: ElfForm): readonly (readonly [tag: number, value: number])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = wide ? 16 : 8;
  const pairs: (readonly [number, number])[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    const [tag, value] = wide
      ? [Number(view.getBigUint64(at, little)), Number(view.getBigUint64(at + 8, little))]
      : [view.getUint32(at, little), view.getUint32(at + 4, little)];
    if (tag === 0) break;
    pairs.push([tag, value]);
  }
  return pairs;
}

function placeOfAddress(segments: readonly Segment[], address: number | undefined): number | undefined {
  if (address === undefined) return undefined;
  const found = segments.find(
    (segment) => segment.type === loaded && address >= segment.address && address < segment.address + segment.end - segment.start,
  );
  return found === undefined ? undefined : found.start + address - found.address;
}

function textsAt(read: ReadAt, start: number | undefined, size: number): (offset: number) => ByteString | undefined {
  const strings = start === undefined || !Number.isSafeInteger(size) ? undefined : read(start, size);
  return (offset) => {
    if (strings === undefined || offset >= strings.length) return undefined;
    const end = strings.indexOf(0, offset);
    return byteStringOf(strings, offset, end < 0 ? strings.length : end);
  };
}

function interpreterOf(segments: readonly Segment[], read: ReadAt): ByteString | undefined {
  const segment = segments.find(({ type }) => type === interpreter);
  const bytes = segment === undefined ? undefined : read(segment.start, Math.min(4096, segment.end - segment.start));
  return bytes === undefined ? undefined : byteStringOf(bytes).replace(/\0.*$/s, "");
}
