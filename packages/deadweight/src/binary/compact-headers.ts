import type { FoundPointers } from "./device-pointers.ts";
import type { DeviceRegion } from "./device-region.ts";
import { elfSizes, type ElfHeaderBytes, type ElfHeaders, type ElfSectionHeader, type ElfSegment } from "./elf-headers.ts";
import type { HeaderSlot } from "./header-slot.ts";

/** Where everything of a compacted file comes to be. Offsets are of the old file where nothing else is said. */
export interface CompactLayout {
  readonly region: DeviceRegion;
  /** By container: where it begins in the new file. */
  readonly starts: readonly number[];
  /** The end of the last one in the new file, and that of what is mapped there. */
  readonly end: number;
  /** By section of containers: its end in the new file. */
  readonly sectionEnds: readonly number[];
  readonly headEnd: number;
  /** Where in the new file sections come to stand that make room for a program header. */
  readonly frontStart: number;
  /** What is used again behind the containers, and the beginning of its page. */
  readonly live: number;
  readonly split: number;
  /** How much earlier in the file everything from `split` on stands. */
  readonly shift: number;
  readonly slot: HeaderSlot;
}

const loadable = 1;
const headerTable = 6;
const dynamicSection = 6;
const pageBytes = 4096;
/** Dynamic tags with addresses of what may make room: elf(5), and "Symbol Versioning" of the LSB. */
const movableTags: ReadonlySet<bigint> = new Set([4n, 5n, 6n, 0x6ffffef5n, 0x6ffffff0n, 0x6ffffffcn, 0x6ffffffen]);

/** The ELF header and the program headers, with what they make room for. */
export function newHead({ head }: ElfHeaderBytes, headers: ElfHeaders, layout: CompactLayout): Uint8Array {
  const { slot } = layout;
  const rows = headers.segments.flatMap((segment, index): Uint8Array[] => {
    const at = elfSizes.header + elfSizes.segment * index;
    const row = head.subarray(at, at + elfSizes.segment);
    if (slot.kind === "note" && slot.index === index) return [];
    if (segment === layout.region.segment) return splitSegment(row, segment, headers, layout);
    return [movedSegment(row, segment, headers, layout)];
  });
  const size = slot.kind === "front" ? slot.start + slot.bytes.length : elfSizes.header + elfSizes.segment * rows.length;
  const made = Buffer.alloc(size);
  made.set(head.subarray(0, elfSizes.header));
  made.set(Buffer.concat(rows), elfSizes.header);
  made.writeBigUInt64LE(BigInt(headers.sectionsOffset - layout.shift), 40);
  made.writeUInt16LE(rows.length, 56);
  return made;
}

/** The two halves of the segment with containers: both at their old addresses, the second earlier in the file. */
function splitSegment(row: Uint8Array, segment: ElfSegment, headers: ElfHeaders, layout: CompactLayout): Uint8Array[] {
  const { region, headEnd, split, shift, slot } = layout;
  const first = Buffer.from(row);
  if (!hasCode(headers, segment.offset, region.start)) first.writeUInt32LE(withoutExecution(segment.flags), 4);
  first.writeBigUInt64LE(BigInt(headEnd - segment.offset), 32);
  first.writeBigUInt64LE(BigInt(headEnd - segment.offset), 40);
  if (slot.kind === "none") return [first];
  const second = Buffer.from(row);
  if (!hasCode(headers, region.end, segment.offset + segment.fileSize)) second.writeUInt32LE(withoutExecution(segment.flags), 4);
  const skipped = split - segment.offset;
  const address = segment.address + skipped;
  second.writeBigUInt64LE(BigInt(split - shift), 8);
  second.writeBigUInt64LE(BigInt(address), 16);
  second.writeBigUInt64LE(second.readBigUInt64LE(24) + BigInt(skipped), 24);
  second.writeBigUInt64LE(BigInt(segment.fileSize - skipped), 32);
  second.writeBigUInt64LE(BigInt(segment.fileSize - skipped), 40);
  second.writeBigUInt64LE(BigInt(alignFor(segment.align, split - shift, address)), 48);
  return [first, second];
}

function hasCode({ sections }: ElfHeaders, start: number, end: number): boolean {
  return sections.some(({ flags, offset }) => Math.floor(flags / 4) % 2 === 1 && offset >= start && offset < end);
}

function withoutExecution(flags: number): number {
  return flags - (flags % 2);
}

function movedSegment(row: Uint8Array, segment: ElfSegment, headers: ElfHeaders, layout: CompactLayout): Uint8Array {
  const made = Buffer.from(row);
  const { slot, shift } = layout;
  if (segment.type === headerTable && slot.kind !== "note" && slot.kind !== "none") {
    const bytes = BigInt(elfSizes.segment * (headers.segments.length + 1));
    made.writeBigUInt64LE(bytes, 32);
    made.writeBigUInt64LE(bytes, 40);
    return made;
  }
  const moved = frontMove(segment, headers, layout);
  if (moved !== undefined) {
    made.writeBigUInt64LE(BigInt(segment.offset + moved.file), 8);
    made.writeBigUInt64LE(BigInt(segment.address + moved.memory), 16);
    made.writeBigUInt64LE(made.readBigUInt64LE(24) + BigInt(moved.memory), 24);
  } else if (segment.offset >= layout.live) {
    made.writeBigUInt64LE(BigInt(segment.offset - shift), 8);
    if (segment.type === loadable)
      made.writeBigUInt64LE(BigInt(alignFor(segment.align, segment.offset - shift, segment.address)), 48);
  }
  return made;
}

/** A segment that was aligned to huge pages may fit no more: glibc maps it by pages all the same. */
function alignFor(align: number, offset: number, address: number): number {
  return (address - offset) % align === 0 ? align : pageBytes;
}

/** Where something goes that makes room, in bytes of file and memory. */
export interface Move {
  readonly file: number;
  readonly memory: number;
}

/** How far something goes that stands where room is made; undefined for what does not. */
export function frontMove(
  { type, offset }: Pick<ElfSegment, "type" | "offset">,
  { segments }: ElfHeaders,
  { slot, frontStart, region }: CompactLayout,
): Move | undefined {
  if (slot.kind !== "front" || type === loadable || offset < slot.start || offset >= slot.start + slot.bytes.length)
    return undefined;
  const first = segments.find((segment) => segment.type === loadable && segment.offset === 0);
  const address = frontStart - region.start + region.address;
  return { file: frontStart - slot.start, memory: address - slot.start - (first?.address ?? 0) };
}

/** The section headers. */
export function newSections({ sections: table }: ElfHeaderBytes, headers: ElfHeaders, layout: CompactLayout): Uint8Array {
  const made = Buffer.from(table);
  for (const [index, section] of headers.sections.entries()) {
    const at = elfSizes.section * index;
    const { address, offset, size } = placed(section, headers, layout);
    made.writeBigUInt64LE(BigInt(address), at + 16);
    made.writeBigUInt64LE(BigInt(offset), at + 24);
    made.writeBigUInt64LE(BigInt(size), at + 32);
  }
  return made;
}

function placed(
  section: ElfSectionHeader,
  headers: ElfHeaders,
  layout: CompactLayout,
): { address: number; offset: number; size: number } {
  const { address, offset, size } = section;
  if (layout.region.sections.includes(section)) return placedContainers(section, layout);
  const moved = section.type === 0 || section.type === 8 ? undefined : frontMove({ type: 0, offset }, headers, layout);
  if (moved !== undefined) return { address: address + moved.memory, offset: offset + moved.file, size };
  return { address, offset: offset >= layout.live ? offset - layout.shift : offset, size };
}

function placedContainers(section: ElfSectionHeader, layout: CompactLayout): { address: number; offset: number; size: number } {
  const { region, sectionEnds } = layout;
  const index = region.sections.indexOf(section);
  const start = index === 0 ? region.start : Math.ceil((sectionEnds[index - 1] ?? 0) / 8) * 8;
  return { address: start - region.start + region.address, offset: start, size: (sectionEnds[index] ?? start) - start };
}

/** What the loader is told of sections that make room. */
export function dynamicPatches(
  headers: ElfHeaders,
  layout: CompactLayout,
  { dynamic }: FoundPointers,
): readonly (readonly [number, Uint8Array])[] {
  const { slot } = layout;
  const section = headers.sections.find(({ type }) => type === dynamicSection);
  if (slot.kind !== "front" || section === undefined) return [];
  const bytes = Buffer.from(dynamic);
  const first = headers.segments.find(({ type, offset }) => type === loadable && offset === 0);
  const move = frontMove({ type: 0, offset: slot.start }, headers, layout);
  const patches: [number, Uint8Array][] = [];
  for (let at = 0; at + 16 <= bytes.length && bytes.readBigUInt64LE(at) !== 0n; at += 16) {
    const offset = Number(bytes.readBigUInt64LE(at + 8)) - (first?.address ?? 0);
    const isMoved = offset >= slot.start && offset < slot.start + slot.bytes.length;
    if (!isMoved || move === undefined || !movableTags.has(bytes.readBigUInt64LE(at))) continue;
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(bytes.readBigUInt64LE(at + 8) + BigInt(move.memory));
    patches.push([section.offset + at + 8, word]);
  }
  return patches;
}
