import type { ElfOutline } from "../model/layer-index.ts";

/** An outline before it is known what the blob has for the file, and where its content stands in the uncompressed layer. */
export interface SeenOutline extends Omit<ElfOutline, "unloadedCompressedBytes"> {
  readonly contentStart: number;
  readonly size: number;
}

/** All outlines of one layer: four kilobytes each are usual, and images have some thousands at most. */
const mostBytes = 32 * 1024 * 1024;

/** The outlines of a layer's ELF files while it is read. */
export class ElfOutlines {
  readonly #seen = new Map<number, SeenOutline>();
  #bytes = 0;

  /** Keeps one, unless the layer has had too many. Entries ascend. */
  add(entry: number, outline: SeenOutline): void {
    const { head, sections, names } = outline;
    const bytes = head.length + sections.length + names.length;
    if (this.#bytes + bytes > mostBytes) return;
    this.#bytes += bytes;
    this.#seen.set(entry, outline);
  }

  /** With their costs; `costAt` tells for ascending places in the layer how much of the blob comes before them. */
  finish(costAt: (places: Float64Array) => Float64Array): ReadonlyMap<number, ElfOutline> {
    const places = [...this.#seen.values()].flatMap(({ contentStart, unloadedStart, size }) => [
      contentStart + unloadedStart,
      contentStart + size,
    ]);
    const costs = costAt(Float64Array.from(places));
    const outlines = new Map<number, ElfOutline>();
    for (const [entry, { contentStart: _place, size: _size, ...outline }] of this.#seen) {
      const at = 2 * outlines.size;
      outlines.set(entry, { ...outline, unloadedCompressedBytes: (costs[at + 1] ?? 0) - (costs[at] ?? 0) });
    }
    return outlines;
  }
}
