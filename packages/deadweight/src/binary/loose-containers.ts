import type { ElfHeaders } from "./elf-headers.ts";

/** A container of device code outside of the sections for such, by where it begins and ends in the file, or in memory. */
export interface LooseContainer {
  readonly start: number;
  readonly end: number;
}

/** Symbols that relocations lead beside are remembered up to so many. */
const mostNames = 100_000;

/**
 * Proves for containers that lie among other constants (cuSPARSELt, cuFFT) that they are read as containers: something leads to the
 * beginning of each, and nothing that is known to any other byte of it.
 */
export class LooseContainers {
  readonly #containers: readonly LooseContainer[];
  readonly #isReached: Uint8Array;
  /** By container: how many more ranges of refused ones begin than end with it. */
  readonly #refused: Int32Array;
  /** By the number of a dynamic symbol: its container. */
  readonly #named = new Map<number, number>();
  readonly #besideNames = new Set<number>();

  /** The containers ascend and don't overlap. */
  constructor(containers: readonly LooseContainer[]) {
    this.#containers = containers;
    this.#isReached = new Uint8Array(containers.length);
    this.#refused = new Int32Array(containers.length + 1);
  }

  /** Code or a relocation may lead to an address. */
  takeTarget(address: number): void {
    const number = this.#at(address);
    if (number === undefined) return;
    if (this.#containers[number]?.start === address) this.#isReached[number] = 1;
    else this.#refuse(number, number);
  }

  /** The loader writes eight bytes at an address. */
  takePlace(address: number): void {
    this.#refuse(this.#endingBehind(address), this.#next(address + 8) - 1);
  }

  /** A relocation leads so many bytes beside a dynamic symbol. */
  takeBesideName(symbol: number, addend: number): void {
    if (addend !== 0 && this.#besideNames.size <= mostNames) this.#besideNames.add(symbol);
  }

  /** A symbol; the dynamic one of this number leads others to it. It must be all of one container, or apart from all. */
  takeSymbol(address: number, size: number, dynamic?: number): void {
    const first = this.#endingBehind(address);
    const last = this.#next(address + Math.max(size, 1)) - 1;
    if (first > last) return;
    const { start, end = 0 } = this.#containers[first] ?? {};
    if (first !== last || address !== start || size !== end - address) return this.#refuse(first, last);
    if (dynamic === undefined) return;
    this.#isReached[first] = 1;
    this.#named.set(dynamic, first);
  }

  /** Numbers of the containers for which that is so, ascending. */
  proven(): Uint32Array {
    if (this.#besideNames.size > mostNames) return new Uint32Array(0);
    for (const name of this.#besideNames) {
      const number = this.#named.get(name);
      if (number !== undefined) this.#refuse(number, number);
    }
    let ranges = 0;
    const isProven = (number: number): boolean => {
      ranges += this.#refused[number] ?? 0;
      return this.#isReached[number] === 1 && ranges === 0;
    };
    return Uint32Array.from([...this.#containers.keys()].filter(isProven));
  }

  #refuse(first: number, last: number): void {
    if (first > last) return;
    this.#refused[first] = (this.#refused[first] ?? 0) + 1;
    this.#refused[last + 1] = (this.#refused[last + 1] ?? 0) - 1;
  }

  /** The number of the first that ends behind an address. */
  #endingBehind(address: number): number {
    return this.#at(address) ?? this.#next(address);
  }

  #at(address: number): number | undefined {
    const number = this.#next(address + 1) - 1;
    // Code that is none leads to negative addresses too.
    return address < (this.#containers[number]?.end ?? -Infinity) ? number : undefined;
  }

  /** The number of the first that begins at an address or behind it. */
  #next(address: number): number {
    let [from, to] = [0, this.#containers.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if ((this.#containers[middle]?.start ?? 0) < address) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** The containers by their addresses; none when one lies in code, in what is not mapped, or not in one section, or they would not ascend. */
export function looseInMemory({ sections }: ElfHeaders, loose: readonly LooseContainer[]): readonly LooseContainer[] {
  const data = sections.filter(
    ({ type, flags }) => type === 1 && Math.floor(flags / 2) % 2 === 1 && Math.floor(flags / 4) % 2 === 0,
  );
  const placed = loose.flatMap(({ start, end }) => {
    const own = data.find(({ offset, size }) => offset <= start && end <= offset + size);
    return own === undefined ? [] : [{ start: start - own.offset + own.address, end: end - own.offset + own.address }];
  });
  const doAscend = placed.every(({ start, end }, number) => start < end && start >= (placed[number - 1]?.end ?? 0));
  return placed.length === loose.length && doAscend ? placed : [];
}
