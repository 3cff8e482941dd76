// Device code in one read-only segment is made smaller without a change of any other address: the segment is split behind the containers
// that stay, and the second half maps the same addresses from a place earlier in the file. elf(5); glibc's dl-map-segments.h keeps the
// hole between both unmapped.
import type { FoundPointers } from "./device-pointers.ts";
import { deviceRegion, type DeviceRegion } from "./device-region.ts";
import { EditedFile } from "./edited-file.ts";
import { parseElfHeaders, type ElfHeaderBytes, type ElfHeaders, type ElfSegment } from "./elf-headers.ts";
import { headerSlot } from "./header-slot.ts";
import { dynamicPatches, frontMove, newHead, newSections, type CompactLayout } from "./compact-headers.ts";
import type { FilePiece } from "./strip-elf.ts";

/** Containers with the entries that stay of each: where they are in the file, ascending. */
export interface KeptContainer {
  readonly start: number;
  readonly entries: readonly { readonly start: number; readonly end: number }[];
}

/** A smaller file: pieces of the old one, and its size. */
export interface CompactedElf {
  readonly pieces: readonly FilePiece[];
  readonly size: number;
}

const noBits = 8;
const loadable = 1;
const pageBytes = 4096;
const mostAlign = 65536;
/** Sections that move keep their place in a cache line. */
const frontAlign = 64;

/**
 * The file with smaller containers, when pointers were proven (see `PointerFinder`); a text says why it can't be. Nothing but containers,
 * what leads to them, and headers is changed.
 */
export function compactElf(
  bytes: ElfHeaderBytes,
  fileSize: number,
  containers: readonly KeptContainer[],
  pointers: FoundPointers,
): CompactedElf | string {
  const headers = parseElfHeaders(bytes);
  if (typeof headers === "string") return headers;
  const region = deviceRegion(headers);
  if (typeof region === "string") return region;
  const layout = compactLayout(headers, region, containers, pointers);
  if (typeof layout === "string") return layout;
  if (headers.sectionsOffset < layout.live) return "its section headers lie in what is mapped";
  const sections = newSections(bytes, headers, layout);
  const head = newHead(bytes, headers, layout);
  const wrong = wrongResult({ head, sections, names: bytes.names }, layout, fileSize - layout.shift);
  if (wrong !== undefined) return wrong;
  const patches = new Map([
    ...pointerPatches(headers, layout, pointers, containers),
    ...dynamicPatches(headers, layout, pointers),
    [headers.sectionsOffset, sections] as const,
  ]);
  const file = new EditedFile(patches);
  file.put(head);
  file.copy(head.length, region.start);
  for (const [number, container] of containers.entries()) {
    file.zerosTo(layout.starts[number] ?? 0);
    file.put(containerHeader(container));
    for (const { start, end } of container.entries) file.copy(start, end);
  }
  if (layout.slot.kind === "front") {
    file.zerosTo(layout.frontStart);
    file.put(layout.slot.bytes);
  }
  file.zerosTo(layout.live - layout.shift);
  file.copy(layout.live, fileSize);
  return { pieces: file.finish(), size: file.size };
}

/** Headers that contradict each other before do so after: what the loader could take in another way is left. */
function wrongResult(bytes: ElfHeaderBytes, { region, starts, headEnd }: CompactLayout, size: number): string | undefined {
  const headers = parseElfHeaders(bytes);
  if (typeof headers === "string") return headers;
  const loaded = headers.segments.filter(({ type }) => type === loadable);
  for (const [index, { offset, address, align, fileSize, memorySize }] of loaded.entries()) {
    const isPlaced = Number.isInteger(Math.log2(align)) && (address - offset) % Math.max(align, pageBytes) === 0;
    const before = loaded[index - 1];
    const isBehind = before === undefined || address >= before.address + before.memorySize;
    if (!isPlaced || !isBehind || fileSize > memorySize || offset + fileSize > size) return "its segments contradict each other";
  }
  const mapped = loaded.find(({ offset, fileSize }) => offset <= region.start && headEnd <= offset + fileSize);
  const isMapped = mapped !== undefined && mapped.address - mapped.offset === region.address - region.start;
  return isMapped && starts.every((start) => start >= region.start) ? undefined : "its containers would not be mapped";
}

function compactLayout(
  headers: ElfHeaders,
  region: DeviceRegion,
  containers: readonly KeptContainer[],
  pointers: FoundPointers,
): CompactLayout | string {
  const { segment } = region;
  const wrong = overlap(headers, region);
  if (wrong !== undefined) return wrong;
  const segmentEnd = segment.offset + segment.fileSize;
  const behind = headers.sections
    .filter(({ type, offset, size }) => type !== noBits && size > 0 && offset >= region.end && offset < segmentEnd)
    .map(({ offset }) => offset);
  const live = Math.min(segmentEnd, ...behind);
  const slot = headerSlot(headers, live < segmentEnd, pointers);
  if (typeof slot === "string") return slot;
  let end = region.start;
  const starts = containers.map(({ entries }) => {
    const start = Math.ceil(end / 8) * 8;
    end = start + 16 + keptBytes({ entries });
    return start;
  });
  const sectionEnds = region.sections.map((section) => {
    const last = containers.findLastIndex(({ start }) => start < section.offset + section.size);
    return starts[last + 1] === undefined ? end : (starts[last] ?? 0) + 16 + keptBytes(containers[last]);
  });
  const frontStart = slot.kind === "front" ? end + ((((slot.start - end) % frontAlign) + frontAlign) % frontAlign) : end;
  const headEnd = slot.kind === "front" ? frontStart + slot.bytes.length : end;
  const align = alignOf(headers.segments.filter(({ type, offset }) => type === loadable && offset >= segment.offset));
  const split = Math.floor(live / align) * align;
  const shift = split - Math.ceil(headEnd / align) * align;
  if (shift <= 0) return "too little would be saved";
  return { region, starts, end, sectionEnds, headEnd, frontStart, live, split, shift, slot };
}

function overlap({ segments, sections }: ElfHeaders, region: DeviceRegion): string | undefined {
  const isOver = ({ offset }: { readonly offset: number }, size: number): boolean =>
    size > 0 && offset < region.end && offset + size > region.start;
  if (region.segment.fileSize !== region.segment.memorySize) return "its device code is mapped with zeros behind it";
  if (segments.some((one) => one !== region.segment && isOver(one, one.fileSize))) return "another segment has its device code";
  const isOther = sections.some((one) => one.type !== noBits && !region.sections.includes(one) && isOver(one, one.size));
  return isOther ? "another section overlaps its device code" : undefined;
}

/** Places in the file and in memory stay equal in their last bits: those of the largest alignment, where that is no huge page. */
function alignOf(segments: readonly ElfSegment[]): number {
  return Math.max(pageBytes, ...segments.map(({ align }) => align).filter((align) => align <= mostAlign));
}

/**
 * The file with containers that end earlier, the rest of each filled with zeros: nothing moves but images in their container, so that only
 * what leads into one is in the way. As large as before, and in a compressed layer nearly as small as without the zeros.
 */
export function zeroedElf(fileSize: number, containers: readonly (KeptContainer & { readonly end: number })[]): CompactedElf {
  const file = new EditedFile(new Map());
  let place = 0;
  for (const container of containers) {
    file.copy(place, container.start);
    file.put(containerHeader(container));
    for (const { start, end } of container.entries) file.copy(start, end);
    file.fillTo(container.end);
    place = container.end;
  }
  file.copy(place, fileSize);
  return { pieces: file.finish(), size: file.size };
}

function containerHeader({ entries }: Pick<KeptContainer, "entries">): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0xba55ed50, 0);
  header.writeUInt16LE(1, 4);
  header.writeUInt16LE(16, 6);
  header.writeBigUInt64LE(BigInt(keptBytes({ entries })), 8);
  return header;
}

function keptBytes(container: Pick<KeptContainer, "entries"> | undefined): number {
  return (container?.entries ?? []).reduce((sum, { start, end }) => sum + end - start, 0);
}

function pointerPatches(
  headers: ElfHeaders,
  { region, starts, ...layout }: CompactLayout,
  { places, containers: targets, symbols, symbolBytes }: FoundPointers,
  containers: readonly KeptContainer[],
): readonly (readonly [number, Uint8Array])[] {
  const addressOf = (start: number): bigint => BigInt(start - region.start + region.address);
  const words = [...places].map((place, number): [number, Uint8Array] => {
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(addressOf(starts[targets[number] ?? 0] ?? 0));
    return [place, word];
  });
  const byAddress = new Map(containers.map(({ start }, number) => [addressOf(start), number]));
  const first = BigInt(headers.segments.find(({ type, offset }) => type === loadable && offset === 0)?.address ?? 0);
  const renamed = [...symbols].flatMap((place, number): [number, Uint8Array][] => {
    const symbol = Buffer.from(symbolBytes.subarray(24 * number, 24 * number + 24));
    const address = symbol.readBigUInt64LE(8);
    // The symbol of a section that has moved has the address of its first container.
    const container = byAddress.get(address);
    if (container === undefined) {
      const move = frontMove({ type: 0, offset: Number(address - first) }, headers, { region, starts, ...layout });
      symbol.writeBigUInt64LE(address + BigInt(move?.memory ?? 0), 8);
      return [[place, symbol]];
    }
    const start = starts[container] ?? 0;
    symbol.writeBigUInt64LE(addressOf(start), 8);
    if (symbol.readBigUInt64LE(16) > 0n) symbol.writeBigUInt64LE(BigInt((starts[container + 1] ?? layout.end) - start), 16);
    return [[place, symbol]];
  });
  return [...words, ...renamed];
}
