import { FatbinWalker, type Fatbins } from "../binary/fatbin.ts";
import type { DeviceSection, DeviceTable } from "../model/device-table.ts";

/** Sections that hold containers: fatbinary_section.h of CUDA. */
const sectionNames: ReadonlySet<string> = new Set([".nv_fatbin", "__nv_relfatbin"]);
/** Entries of all files of one layer: PyTorch with all of CUDA's libraries has some 30,000. */
const mostEntries = 1_000_000;

interface SeenTable extends Omit<DeviceTable, "compressed"> {
  readonly contentStart: number;
}

/** Bounds, for tests too: entries of one file, and of a layer. */
export interface DeviceLimits {
  readonly ofFile?: number;
  readonly ofLayer?: number;
}

/** Finds the device code of ELF files while their bytes go by. Costs one comparison for a file of another kind. */
export class DeviceWatcher {
  readonly #seen = new Map<number, SeenTable>();
  #entries = 0;
  #size = 0;
  #isFirst = true;
  #walker: FatbinWalker | undefined;
  readonly #limits: DeviceLimits;

  constructor(limits: DeviceLimits = {}) {
    this.#limits = limits;
  }

  /** Begins a file of `size` stored bytes. */
  begin(size: number): void {
    this.#size = size;
    this.#isFirst = true;
    this.#walker = undefined;
  }

  write(piece: Uint8Array): void {
    if (this.#isFirst && piece[0] === 0x7f) this.#walker = new FatbinWalker(this.#size, this.#limits.ofFile);
    this.#isFirst = false;
    this.#walker?.write(piece);
  }

  /** Ends it; whether it has device code in sections of its own, or a text why that is not told. `loaded` gives those that are mapped. */
  end(entry: number, contentStart: number, loaded: () => readonly DeviceSection[]): boolean | string {
    const walker = this.#walker;
    this.#walker = undefined;
    if (walker?.isTooMany === true) return "it has more images of device code than are looked at: none of them is counted or cut";
    const found = walker?.finish();
    if (found === undefined) return false;
    const sections = loaded().filter(({ name }) => sectionNames.has(name));
    if (sections.length === 0) return false;
    if (this.#entries + found.offsets.length > (this.#limits.ofLayer ?? mostEntries))
      return "its layer has more images of device code than are looked at: those of this file are not counted or cut";
    this.#entries += found.offsets.length;
    this.#seen.set(entry, { ...inSections(found, sections, loaded()), contentStart });
    return true;
  }

  /** With their costs; `costAt` tells for ascending places in the layer how much of the blob comes before them. */
  finish(costAt: (places: Float64Array) => Float64Array): ReadonlyMap<number, DeviceTable> {
    const places = [...this.#seen.values()].flatMap(({ contentStart, offsets, sizes }) =>
      [...offsets].flatMap((offset, place) => [contentStart + offset, contentStart + offset + (sizes[place] ?? 0)]),
    );
    const costs = costAt(Float64Array.from(places));
    const tables = new Map<number, DeviceTable>();
    let first = 0;
    for (const [entry, { contentStart: _place, ...table }] of this.#seen) {
      const start = first;
      const costOf = (_: number, place: number): number => (costs[start + 2 * place + 1] ?? 0) - (costs[start + 2 * place] ?? 0);
      tables.set(entry, { ...table, compressed: table.offsets.map(costOf) });
      first += 2 * table.offsets.length;
    }
    return tables;
  }
}

/** What lies in the sections, which must be containers from their beginning to their end, and in others that are loaded. */
function inSections(
  found: Fatbins,
  sections: readonly DeviceSection[],
  loaded: readonly DeviceSection[],
): Omit<DeviceTable, "compressed"> {
  const liesIn = (place: number, among: readonly DeviceSection[]): boolean =>
    among.some(({ offset, size }) => (found.starts[place] ?? 0) >= offset && (found.ends[place] ?? 0) <= offset + size);
  const inside = [...found.starts.keys()].filter((place) => liesIn(place, loaded));
  const entries = inside.flatMap((place) => range(found.firsts[place] ?? 0, found.firsts[place + 1] ?? 0));
  const firsts = [0];
  for (const place of inside) firsts.push((firsts.at(-1) ?? 0) + (found.firsts[place + 1] ?? 0) - (found.firsts[place] ?? 0));
  const starts = Float64Array.from(inside, (place) => found.starts[place] ?? 0);
  const ends = Float64Array.from(inside, (place) => found.ends[place] ?? 0);
  const behind = Float64Array.from(inside, (place) => found.zerosBehind[place] ?? 0);
  const loose = inside.flatMap((place, number) => (liesIn(place, sections) ? [] : [number]));
  const problem = sections.map((section) => untiled(section, { starts, ends, behind })).find((reason) => reason !== undefined);
  return {
    starts,
    ends,
    firsts: Uint32Array.from(firsts),
    offsets: Float64Array.from(entries, (entry) => found.offsets[entry] ?? 0),
    sizes: Float64Array.from(entries, (entry) => found.sizes[entry] ?? 0),
    kinds: Uint16Array.from(entries, (entry) => found.kinds[entry] ?? 0),
    archs: Uint32Array.from(entries, (entry) => found.archs[entry] ?? 0),
    flags: Uint32Array.from(entries, (entry) => found.flags[entry] ?? 0),
    checksums: Uint32Array.from(entries, (entry) => found.checksums[entry] ?? 0),
    sections,
    loose: Uint32Array.from(loose),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A section has containers, and zeros between and behind them, nothing else. */
function untiled(
  { name, offset, size }: DeviceSection,
  { starts, ends, behind }: { readonly starts: Float64Array; readonly ends: Float64Array; readonly behind: Float64Array },
): string | undefined {
  let [place, zeros] = [offset, 0];
  const reason = `the section ${name} has bytes that are no container`;
  for (const [index, start] of starts.entries()) {
    if (start < offset || start >= offset + size) continue;
    if (start < place || start > place + zeros) return reason;
    [place, zeros] = [ends[index] ?? 0, behind[index] ?? 0];
  }
  return place + zeros >= offset + size ? undefined : reason;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, place) => from + place);
}
