import type { FoundPointers } from "./device-pointers.ts";
import { placeInFile, type CompactLayout } from "./compact-layout.ts";
import { elfSizes, type ElfHeaderBytes, type ElfHeaders, type ElfSectionHeader, type ElfSegment } from "./elf-headers.ts";

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
    if (segment === layout.segment) return splitSegment(row, segment, headers, layout);
    return [movedSegment(row, segment, headers, layout)];
  });
  const size = slot.kind === "front" ? slot.start + slot.bytes.length : elfSizes.header + elfSizes.segment * rows.length;
  const made = Buffer.alloc(size);
  made.set(head.subarray(0, elfSizes.header));
  made.set(Buffer.concat(rows), elfSizes.header);
  made.writeBigUInt64LE(BigInt(placeInFile(layout, headers.sectionsOffset)), 40);
  made.writeUInt16LE(rows.length, 56);
  return made;
}

/** The pieces of the segment with containers: all at their old addresses, those behind a cut earlier in the file. */
function splitSegment(row: Uint8Array, segment: ElfSegment, headers: ElfHeaders, layout: CompactLayout): Uint8Array[] {
  const segmentEnd = segment.offset + segment.fileSize;
  const starts = [segment.offset, ...layout.cuts.map(({ to }) => to)];
  const ends = [...layout.cuts.map(({ headEnd }) => headEnd), segmentEnd];
  const lives = [segment.offset, ...layout.cuts.map(({ live }) => live)];
  return starts.flatMap((start, index): Uint8Array[] => {
    const [end, live] = [ends[index] ?? segmentEnd, lives[index] ?? start];
    return live < segmentEnd || index === 0
      ? [segmentPiece(row, segment, { start, end, isCode: hasCode(headers, live, end) }, layout)]
      : [];
  });
}

function segmentPiece(
  row: Uint8Array,
  segment: ElfSegment,
  { start, end, isCode }: { readonly start: number; readonly end: number; readonly isCode: boolean },
  layout: CompactLayout,
): Uint8Array {
  const piece = Buffer.from(row);
  const skipped = start - segment.offset;
  const [offset, address] = [placeInFile(layout, start), segment.address + skipped];
  if (!isCode) piece.writeUInt32LE(withoutExecution(segment.flags), 4);
  piece.writeBigUInt64LE(BigInt(offset), 8);
  piece.writeBigUInt64LE(BigInt(address), 16);
  piece.writeBigUInt64LE(piece.readBigUInt64LE(24) + BigInt(skipped), 24);
  piece.writeBigUInt64LE(BigInt(end - start), 32);
  piece.writeBigUInt64LE(BigInt(end - start), 40);
  if (skipped > 0) piece.writeBigUInt64LE(BigInt(alignFor(segment.align, offset, address)), 48);
  return piece;
}

function hasCode({ sections }: ElfHeaders, start: number, end: number): boolean {
  return sections.some(({ flags, offset }) => Math.floor(flags / 4) % 2 === 1 && offset >= start && offset < end);
}

function withoutExecution(flags: number): number {
  return flags - (flags % 2);
}

function movedSegment(row: Uint8Array, segment: ElfSegment, headers: ElfHeaders, layout: CompactLayout): Uint8Array {
  const made = Buffer.from(row);
  const { slot } = layout;
  if (segment.type === headerTable && (slot.kind === "slack" || slot.kind === "front")) {
    const bytes = BigInt(elfSizes.segment * (headers.segments.length + slot.count));
    made.writeBigUInt64LE(bytes, 32);
    made.writeBigUInt64LE(bytes, 40);
    return made;
  }
  const moved = frontMove(segment, headers, layout);
  if (moved !== undefined) {
    made.writeBigUInt64LE(BigInt(segment.offset + moved.file), 8);
    made.writeBigUInt64LE(BigInt(segment.address + moved.memory), 16);
    made.writeBigUInt64LE(made.readBigUInt64LE(24) + BigInt(moved.memory), 24);
    return made;
  }
  const offset = placeInFile(layout, segment.offset);
  if (offset !== segment.offset) {
    made.writeBigUInt64LE(BigInt(offset), 8);
    if (segment.type === loadable) made.writeBigUInt64LE(BigInt(alignFor(segment.align, offset, segment.address)), 48);
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
  { slot, frontStart, addressOf }: CompactLayout,
): Move | undefined {
  if (slot.kind !== "front" || type === loadable || offset < slot.start || offset >= slot.start + slot.bytes.length)
    return undefined;
  const first = segments.find((segment) => segment.type === loadable && segment.offset === 0);
  return { file: frontStart - slot.start, memory: addressOf(frontStart) - slot.start - (first?.address ?? 0) };
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
  const region = layout.regions.find(({ sections }) => sections.includes(section));
  if (region !== undefined) return placedContainers(section, layout);
  const moved = section.type === 0 || section.type === 8 ? undefined : frontMove({ type: 0, offset }, headers, layout);
  if (moved !== undefined) return { address: address + moved.memory, offset: offset + moved.file, size };
  return { address, offset: placeInFile(layout, offset), size };
}

/** Where a section of containers comes to be: from its first container on, or from its beginning. */
export function placedContainers(
  { offset, size }: ElfSectionHeader,
  layout: CompactLayout,
): { address: number; offset: number; size: number } {
  const own = layout.olds.flatMap((old, number) => (old >= offset && old < offset + size ? [number] : []));
  const [first, last] = [own[0], own.at(-1)];
  const isMoved = !layout.regions.some(({ start }) => start === offset);
  const start = isMoved && first !== undefined ? (layout.starts[first] ?? offset) : offset;
  const end = last === undefined ? start : (layout.ends[last] ?? start);
  return { address: layout.addressOf(start), offset: placeInFile(layout, start), size: end - start };
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
