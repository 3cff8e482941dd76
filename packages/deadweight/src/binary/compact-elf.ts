// Device code in one read-only segment is made smaller without a change of any other address: the segment is split behind the containers
// that stay, and what is behind maps the same addresses from a place earlier in the file. elf(5); glibc's dl-map-segments.h keeps the
// hole between both unmapped.
import type { FoundPointers } from "./device-pointers.ts";
import { deviceRegions } from "./device-region.ts";
import { EditedFile } from "./edited-file.ts";
import { parseElfHeaders, type ElfHeaderBytes, type ElfHeaders } from "./elf-headers.ts";
import { dynamicPatches, frontMove, newHead, newSections, placedContainers } from "./compact-headers.ts";
import { compactLayout, placeInFile, type CompactLayout } from "./compact-layout.ts";
import { containerBytes, type KeptContainer } from "./kept-container.ts";
import type { FilePiece } from "./strip-elf.ts";

/** A smaller file: pieces of the old one, and its size. */
export interface CompactedElf {
  readonly pieces: readonly FilePiece[];
  readonly size: number;
}

const loadable = 1;
const pageBytes = 4096;

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
  const regions = deviceRegions(headers);
  if (typeof regions === "string") return regions;
  const layout = compactLayout(headers, regions, containers, pointers);
  if (typeof layout === "string") return layout;
  if (headers.sectionsOffset < (layout.cuts.at(-1)?.live ?? 0)) return "its section headers lie in what is mapped";
  const sections = newSections(bytes, headers, layout);
  const head = newHead(bytes, headers, layout);
  const wrong = wrongResult({ head, sections, names: bytes.names }, layout, placeInFile(layout, fileSize));
  if (wrong !== undefined) return wrong;
  const patches = new Map([
    ...pointerPatches(headers, layout, pointers, containers),
    ...dynamicPatches(headers, layout, pointers),
    [headers.sectionsOffset, sections] as const,
  ]);
  const file = new EditedFile(patches);
  file.put(head);
  putFile(file, head.length, fileSize, containers, layout);
  return { pieces: file.finish(), size: file.size };
}

/** What follows the headers. */
function putFile(
  file: EditedFile,
  from: number,
  fileSize: number,
  containers: readonly KeptContainer[],
  layout: CompactLayout,
): void {
  const { regions, starts, slot, frontStart } = layout;
  let place = from;
  let first = 0;
  for (const region of regions) {
    file.copy(place, region.start);
    for (; first < containers.length && (containers[first]?.start ?? 0) < region.end; first++) {
      file.fillTo(placeInFile(layout, starts[first] ?? 0));
      putContainer(file, containers[first]);
    }
    const cut = layout.cuts.find(
      ({ live }) => live >= region.end && live < (regions[regions.indexOf(region) + 1]?.end ?? Infinity),
    );
    if (slot.kind === "front" && cut !== undefined && cut === layout.cuts[0]) {
      file.fillTo(frontStart);
      file.put(slot.bytes);
    }
    place = cut?.live ?? region.end;
    file.fillTo(placeInFile(layout, place));
  }
  file.copy(place, fileSize);
}

function putContainer(file: EditedFile, container: KeptContainer | undefined): void {
  if (container === undefined) return;
  const [only, ...others] = container.entries;
  if (only !== undefined && "bytes" in only && others.length === 0) return file.put(containerOf(only.bytes));
  file.put(containerHeader(container));
  for (const entry of container.entries) {
    if ("bytes" in entry) file.put(entry.bytes);
    else file.copy(entry.start, entry.end);
  }
}

const containersOfOne = new WeakMap<Uint8Array, Uint8Array>();

/** A container of one image: in some files nearly all of twenty thousand become the same one, so that they share its memory. */
function containerOf(image: Uint8Array): Uint8Array {
  const known = containersOfOne.get(image);
  if (known !== undefined) return known;
  const made = Buffer.concat([containerHeader({ entries: [{ bytes: image }] }), image]);
  containersOfOne.set(image, made);
  return made;
}

/** Headers that contradict each other before do so after: what the loader could take in another way is left. */
function wrongResult(bytes: ElfHeaderBytes, layout: CompactLayout, size: number): string | undefined {
  const headers = parseElfHeaders(bytes);
  if (typeof headers === "string") return headers;
  const loaded = headers.segments.filter(({ type }) => type === loadable);
  for (const [index, { offset, address, align, fileSize, memorySize }] of loaded.entries()) {
    const isPlaced = Number.isInteger(Math.log2(align)) && (address - offset) % Math.max(align, pageBytes) === 0;
    const before = loaded[index - 1];
    const isBehind = before === undefined || address >= before.address + before.memorySize;
    if (!isPlaced || !isBehind || fileSize > memorySize || offset + fileSize > size) return "its segments contradict each other";
  }
  const isMapped = layout.starts.every((start, number) => {
    const [from, end] = [placeInFile(layout, start), placeInFile(layout, start) + (layout.ends[number] ?? 0) - start];
    const mapped = loaded.find(({ offset, fileSize }) => offset <= from && end <= offset + fileSize);
    return mapped !== undefined && mapped.address + from - mapped.offset === layout.addressOf(start);
  });
  return isMapped ? undefined : "its containers would not be mapped";
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
    putContainer(file, container);
    file.fillTo(container.end);
    place = container.end;
  }
  file.copy(place, fileSize);
  return { pieces: file.finish(), size: file.size };
}

function containerHeader(container: Pick<KeptContainer, "entries">): Uint8Array {
  // Of node's pool: a file may have twenty thousand of them.
  const header = Buffer.allocUnsafe(16);
  header.writeUInt32LE(0xba55ed50, 0);
  header.writeUInt16LE(1, 4);
  header.writeUInt16LE(16, 6);
  header.writeBigUInt64LE(BigInt(containerBytes(container) - header.length), 8);
  return header;
}

function pointerPatches(
  headers: ElfHeaders,
  layout: CompactLayout,
  { places, containers: targets, symbols, symbolBytes }: FoundPointers,
  containers: readonly KeptContainer[],
): readonly (readonly [number, Uint8Array])[] {
  const { starts, ends } = layout;
  const addressOf = (place: number): bigint => BigInt(layout.addressOf(place));
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
      const end = endOfSection(headers, layout, symbol.readUInt16LE(6), address);
      if (end !== undefined) {
        symbol.writeBigUInt64LE(end, 8);
        return [[place, symbol]];
      }
      const move = frontMove({ type: 0, offset: Number(address - first) }, headers, layout);
      symbol.writeBigUInt64LE(address + BigInt(move?.memory ?? 0), 8);
      return [[place, symbol]];
    }
    const start = starts[container] ?? 0;
    symbol.writeBigUInt64LE(addressOf(start), 8);
    if (symbol.readBigUInt64LE(16) > 0n) symbol.writeBigUInt64LE(BigInt((ends[container] ?? 0) - start), 16);
    return [[place, symbol]];
  });
  return [...words, ...renamed];
}

/** The address where a section of containers ends that had its end at `address`; undefined for other symbols. */
function endOfSection(headers: ElfHeaders, layout: CompactLayout, number: number, address: bigint): bigint | undefined {
  const section = headers.sections[number];
  const isOwn = section !== undefined && layout.regions.some(({ sections }) => sections.includes(section));
  if (!isOwn || BigInt(section.address + section.size) !== address) return undefined;
  const made = placedContainers(section, layout);
  return BigInt(made.address + made.size);
}
