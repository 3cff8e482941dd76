import type { FoundPointers } from "./device-pointers.ts";
import type { DeviceRegion, DeviceRegions } from "./device-region.ts";
import type { ElfHeaders, ElfSegment } from "./elf-headers.ts";
import { headerSlot, type HeaderSlot } from "./header-slot.ts";
import { containerBytes, type KeptContainer } from "./kept-container.ts";

/** Bytes that go, whole pages: in places of the old file, which are addresses too. */
export interface PageCut {
  readonly from: number;
  readonly to: number;
  /** The end of what is used before, and the beginning of what is used behind. */
  readonly headEnd: number;
  readonly live: number;
}

/**
 * Where everything of a compacted file comes to be. A place is one of the old file, whose distance to an address stays the same; where it
 * is in the new file, `placeInFile` says.
 */
export interface CompactLayout {
  readonly regions: readonly DeviceRegion[];
  readonly segment: ElfSegment;
  readonly addressOf: DeviceRegions["addressOf"];
  /** By container: where it begins in the old file. */
  readonly olds: readonly number[];
  /** The places of its beginning and its end. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Ascending, at least one. */
  readonly cuts: readonly PageCut[];
  /** Where sections come to stand that make room for program headers. */
  readonly frontStart: number;
  readonly slot: HeaderSlot;
}

const noBits = 8;
const loadable = 1;
const pageBytes = 4096;
const mostAlign = 65536;
/** Sections that move keep their place in a cache line. */
const frontAlign = 64;

/** The layout; a text says why there is none, or none that is worth it. */
export function compactLayout(
  headers: ElfHeaders,
  known: DeviceRegions,
  containers: readonly KeptContainer[],
  pointers: FoundPointers,
): CompactLayout | string {
  const wrong = overlap(headers, known);
  if (wrong !== undefined) return wrong;
  const { starts, ends } = placed(known.regions, containers, new Set(pointers.fixed));
  const tails = known.regions.map((region) => tailOf(headers, known, region, ends[lastIn(containers, region)] ?? region.start));
  const wanted = tails.filter(({ headEnd, live }) => cutOf(headers, known.segment, headEnd, live) !== undefined);
  // The largest first, as long as there is room for program headers.
  const bySize = wanted.toSorted((one, other) => other.live - other.headEnd - one.live + one.headEnd);
  let reason = "too little would be saved";
  for (let count = bySize.length; count > 0; count--) {
    const chosen = bySize.slice(0, count).sort((one, other) => one.headEnd - other.headEnd);
    const slot = headerSlot(headers, headersFor(known, chosen), pointers);
    const made = typeof slot === "string" ? slot : withSlot(headers, known, chosen, slot);
    if (typeof made !== "string") return { ...known, olds: containers.map(({ start }) => start), starts, ends, ...made };
    reason = made;
  }
  return reason;
}

/** Containers one after the other from the beginning of their region; one that must not move stays, and others follow it. */
function placed(
  regions: readonly DeviceRegion[],
  containers: readonly KeptContainer[],
  fixed: ReadonlySet<number>,
): { readonly starts: readonly number[]; readonly ends: readonly number[] } {
  const [starts, ends]: [number[], number[]] = [[], []];
  let [region, place] = [-1, 0];
  for (const [number, container] of containers.entries()) {
    const own = regions.findIndex(({ start, end }) => container.start >= start && container.start < end);
    if (own !== region) [region, place] = [own, regions[own]?.start ?? container.start];
    const start = fixed.has(number) ? container.start : Math.ceil(place / 8) * 8;
    starts.push(start);
    place = start + containerBytes(container);
    ends.push(place);
  }
  return { starts, ends };
}

function lastIn(containers: readonly KeptContainer[], { end }: DeviceRegion): number {
  return containers.findLastIndex(({ start }) => start < end);
}

interface Tail {
  readonly headEnd: number;
  readonly live: number;
}

/** What is free behind the containers of a region, up to what is used again. */
function tailOf(headers: ElfHeaders, { segment }: DeviceRegions, region: DeviceRegion, headEnd: number): Tail {
  const segmentEnd = segment.offset + segment.fileSize;
  const behind = headers.sections
    .filter(({ type, offset, size }) => type !== noBits && size > 0 && offset >= region.end && offset < segmentEnd)
    .map(({ offset }) => offset);
  return { headEnd, live: Math.min(segmentEnd, ...behind) };
}

/** Each cut needs a program header for what is behind it, if there is anything. */
function headersFor({ segment }: DeviceRegions, tails: readonly Tail[]): number {
  return tails.filter(({ live }) => live < segment.offset + segment.fileSize).length;
}

/** The cuts, the first with room for the sections that are in the way of program headers. */
function withSlot(
  headers: ElfHeaders,
  { segment }: DeviceRegions,
  tails: readonly Tail[],
  slot: HeaderSlot,
): Pick<CompactLayout, "cuts" | "frontStart" | "slot"> | string {
  const end = tails[0]?.headEnd ?? 0;
  const frontStart = slot.kind === "front" ? end + ((((slot.start - end) % frontAlign) + frontAlign) % frontAlign) : end;
  const frontEnd = slot.kind === "front" ? frontStart + slot.bytes.length : end;
  const cuts = tails.map(({ headEnd, live }, index) => cutOf(headers, segment, index === 0 ? frontEnd : headEnd, live));
  const made = cuts.filter((cut) => cut !== undefined);
  return made.length < tails.length ? "too little would be saved" : { cuts: made, frontStart, slot };
}

function cutOf(headers: ElfHeaders, segment: ElfSegment, headEnd: number, live: number): PageCut | undefined {
  const align = alignOf(headers.segments.filter(({ type, offset }) => type === loadable && offset >= segment.offset));
  const [from, to] = [Math.ceil(headEnd / align) * align, Math.floor(live / align) * align];
  return to > from ? { from, to, headEnd, live } : undefined;
}

/** Where a place that is not cut is in the new file. */
export function placeInFile({ cuts }: Pick<CompactLayout, "cuts">, place: number): number {
  return cuts.reduce((sum, { from, to }) => (place >= to ? sum - (to - from) : sum), place);
}

function overlap({ segments, sections }: ElfHeaders, { regions, segment }: DeviceRegions): string | undefined {
  const isOver = ({ offset }: { readonly offset: number }, size: number): boolean =>
    size > 0 && regions.some(({ start, end }) => offset < end && offset + size > start);
  if (segment.fileSize !== segment.memorySize) return "its device code is mapped with zeros behind it";
  if (segments.some((one) => one !== segment && isOver(one, one.fileSize))) return "another segment has its device code";
  const own = new Set(regions.flatMap((region) => region.sections));
  const isOther = sections.some((one) => one.type !== noBits && !own.has(one) && isOver(one, one.size));
  return isOther ? "another section overlaps its device code" : undefined;
}

/** Places in the file and in memory stay equal in their last bits: those of the largest alignment, where that is no huge page. */
function alignOf(segments: readonly ElfSegment[]): number {
  return Math.max(pageBytes, ...segments.map(({ align }) => align).filter((align) => align <= mostAlign));
}
