import {
  elfHeadBytes,
  elfHeaderBytes,
  elfHeaderSize,
  parseLoadedSections,
  parseUnloadedSections,
  sectionWindow,
  type SectionWindow,
  type UnloadedSection,
} from "../binary/elf-sections.ts";
import { isForDebuggers } from "../binary/strip-elf.ts";
import type { SeenOutline } from "./elf-outlines.ts";

const none: readonly UnloadedSection[] = [];

/**
 * Finds the unloaded sections of ELF files while their bytes go by: the header at the beginning says where the section headers
 * are, and only those bytes are kept. Costs one comparison for a file of another kind.
 */
export class ElfWatcher {
  readonly #headMemory = new Uint8Array(elfHeadBytes);
  #head = this.#headMemory;
  #headLength = 0;
  #size = 0;
  #offset = 0;
  #watching = false;
  #window: SectionWindow | undefined;
  #kept = new Uint8Array(0);

  /** Begins a file of `size` stored bytes. */
  begin(size: number): void {
    this.#size = size;
    this.#offset = 0;
    this.#head = this.#headMemory.subarray(0, Math.min(size, elfHeadBytes));
    this.#headLength = 0;
    this.#window = undefined;
    this.#watching = size >= elfHeaderSize;
  }

  write(piece: Uint8Array): void {
    if (!this.#watching) return;
    if (this.#offset === 0 && piece[0] !== 0x7f) {
      this.#watching = false;
      return;
    }
    this.#readHead(piece);
    this.#keep(piece);
    this.#offset += piece.length;
  }

  /** The sections; empty for what is no ELF file, or when its names could not be seen. */
  end(): readonly UnloadedSection[] {
    if (!this.#watching || this.#window === undefined) return none;
    const { start } = this.#window;
    return parseUnloadedSections(this.#head, this.#kept, start, this.#size);
  }

  /** Headers of a file that has sections for debuggers among `sections`, which `end` gave, when all of them were seen. */
  outline(sections: readonly UnloadedSection[]): Omit<SeenOutline, "contentStart"> | undefined {
    return sections.some(({ name }) => isForDebuggers(name)) ? this.headers(sections) : undefined;
  }

  /** The sections with bytes that the loader maps; empty as for `end`. */
  loaded(): readonly UnloadedSection[] {
    if (!this.#watching || this.#window === undefined) return none;
    return parseLoadedSections(this.#head, this.#kept, this.#window.start, this.#size);
  }

  /** The headers of a file with device code. */
  headers(sections: readonly UnloadedSection[]): Omit<SeenOutline, "contentStart"> | undefined {
    if (this.#window === undefined) return undefined;
    const headers = elfHeaderBytes(this.#head, this.#kept, this.#window.start);
    if (headers === undefined) return undefined;
    const debugging = sections.filter(({ name }) => isForDebuggers(name));
    const unloadedStart = Math.min(this.#size, ...(debugging.length === 0 ? [] : sections.map(({ offset }) => offset)));
    return { ...headers, unloadedStart, size: this.#size };
  }

  #readHead(piece: Uint8Array): void {
    if (this.#headLength === this.#head.length) return;
    const part = piece.subarray(0, this.#head.length - this.#headLength);
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
    if (this.#headLength < this.#head.length) return;
    this.#window = sectionWindow(this.#head, this.#size);
    if (this.#window === undefined) {
      this.#watching = false;
      return;
    }
    const { start, end } = this.#window;
    this.#kept = new Uint8Array(end - start);
    if (start < this.#head.length) this.#kept.set(this.#head.subarray(start, Math.min(end, this.#head.length)));
  }

  #keep(piece: Uint8Array): void {
    if (this.#window === undefined) return;
    const from = Math.max(this.#window.start, this.#offset);
    const to = Math.min(this.#window.end, this.#offset + piece.length);
    if (from < to) this.#kept.set(piece.subarray(from - this.#offset, to - this.#offset), from - this.#window.start);
  }
}
