// Layout: elf(5); relocations Elf64_Rela {r_offset, r_info, r_addend} and relative ones in bitmaps (SHT_RELR of the gABI); Elf64_Sym {st_name
// 4, st_info 1, st_other 1, st_shndx 2, st_value 8, st_size 8}. The wrapper of a container, fatbinary_section.h of CUDA: magic
// 0x466243B1, version 1 or 2 (4 each), the address of the container (8), 0 or an address in .bss (8).
import { elfSizes, parseElfHeaders, type ElfHeaderBytes, type ElfHeaders, type ElfSectionHeader } from "./elf-headers.ts";
import { CodeScan } from "./code-scan.ts";
import { deviceRegions, type DeviceRegions } from "./device-region.ts";
import { looseInMemory, LooseContainers, type LooseContainer } from "./loose-containers.ts";
import { HeldParts } from "./held-parts.ts";
import { RecordScan } from "./record-scan.ts";
import { relrAddresses } from "./relr.ts";

/** What leads to containers, in the file: places of addresses with the container's number, and symbols with their bytes. */
export interface FoundPointers {
  readonly places: Float64Array;
  readonly containers: Uint32Array;
  /** Numbers of containers that must stay at their address: code computes it, or nothing that is known leads there. Ascending. */
  readonly fixed: Uint32Array;
  /** Numbers of the containers outside of the sections for such that are read as containers alone. Ascending. */
  readonly loose: Uint32Array;
  readonly symbols: Float64Array;
  readonly symbolBytes: Uint8Array;
  readonly dynamic: Uint8Array;
  readonly front: Uint8Array;
}

const types = { symbols: 2, rela: 4, dynamic: 6, noBits: 8, rel: 9, dynamicSymbols: 11, relr: 19 };
const executable = 4;
const writable = 2;
const loadable = 1;
const wrapperMagic = 0x466243b1;
/** By machine, x86-64 and AArch64: relocations that add the base address. */
const relatives: Readonly<Record<number, number>> = { 62: 8, 183: 1027 };
/** Segments that are written to are held up to so much of a file. */
const mostHeldBytes = 48 * 1024 * 1024;
/** Sections behind the program headers are held up to so much: they may have to make room. */
const mostFrontBytes = 1024 * 1024;
/** Packed relocations of more bytes are not followed: two megabytes of data have 4 KiB of them. */
const mostRelrBytes = 1024 * 1024;
const mostSymbols = 100_000;
/** One for each region. */
const mostNewHeaders = 2;

const tags = { jmprel: 23, pltRelSize: 2, rela: 7, relaSize: 8, rel: 17, textRel: 22, relrSize: 35, relr: 36 };
/** Android's packed relocations, and prelink's. */
const refusedTags: ReadonlySet<number> = new Set([tags.rel, tags.textRel, 0x6000000f, 0x60000011, 0x6fffe000, 0x6ffffdf5]);

/** Why it could not be proven what leads to containers. */
export interface UnprovenPointers {
  readonly reason: string;
  /** Something may lead into a container, or is not known at all. */
  readonly mayLeadInside: boolean;
  /** As of found ones; none where something may lead into a container. */
  readonly loose: Uint32Array;
}

type Unproven = Omit<UnprovenPointers, "loose">;

interface Pointer {
  /** In memory. */
  readonly at: number;
  readonly container: number;
  /** In the file, of the relocation's addend. */
  readonly addend?: number;
}

/**
 * Finds all that leads to the containers of an ELF file while its bytes go by, and proves that nothing else does: relocations, wrappers,
 * symbols, and instructions that compute an address. What it can't prove it refuses. `starts` are where containers begin in the file.
 */
export class PointerFinder {
  readonly #headers: ElfHeaders | undefined;
  readonly #regions: DeviceRegions | undefined;
  readonly #containers: ReadonlyMap<number, number>;
  readonly #scans: readonly (RecordScan | CodeScan)[];
  readonly #held: HeldParts;
  readonly #pointers: Pointer[] = [];
  /** Containers whose address code computes. */
  readonly #computed = new Set<number>();
  readonly #symbols: { readonly place: number; readonly bytes: Uint8Array }[] = [];
  /** Code computes where the section of relocatable containers ends, or what follows it. */
  #endIsComputed = false;
  /** What makes room for a program header must not be used but by the loader. */
  #frontIsUsed = false;
  #refusal: Unproven | undefined;
  readonly #loose: LooseContainers;

  /** `loose` are containers outside of the sections for such, by where they are in the file. */
  constructor(bytes: ElfHeaderBytes, starts: Float64Array, fileSize: number, loose: readonly LooseContainer[] = []) {
    const headers = parseElfHeaders(bytes);
    const regions = typeof headers === "string" ? headers : deviceRegions(headers);
    if (typeof headers === "string" || typeof regions === "string") {
      this.#refusal = { reason: typeof regions === "string" ? regions : "", mayLeadInside: true };
      this.#containers = new Map();
      this.#loose = new LooseContainers([]);
      this.#scans = [];
      this.#held = new HeldParts([]);
      return;
    }
    this.#headers = headers;
    this.#regions = regions;
    this.#loose = new LooseContainers(looseInMemory(headers, loose));
    this.#containers = new Map([...starts].map((start, number) => [regions.addressOf(start), number]));
    const refused = refusedLayout(headers, fileSize);
    if (refused !== undefined) this.#refusal = { reason: refused, mayLeadInside: true };
    this.#scans = refused === undefined ? this.#scansOf(headers) : [];
    this.#held = new HeldParts(this.#refusal === undefined ? heldParts(headers, regions) : []);
  }

  /** Takes the bytes of the file from `offset` on; pieces ascend and leave nothing out. */
  write(piece: Uint8Array, offset: number): void {
    for (const scan of this.#scans) scan.write(piece, offset);
    this.#held.write(piece, offset);
  }

  /** All that leads to containers, or why it can't be told. */
  finish(): FoundPointers | UnprovenPointers {
    const found = this.#found();
    return { ...found, loose: "reason" in found && found.mayLeadInside ? new Uint32Array(0) : this.#loose.proven() };
  }

  #found(): Omit<FoundPointers, "loose"> | Unproven {
    const headers = this.#headers;
    if (headers === undefined || this.#scans.length === 0)
      return this.#refusal ?? { reason: "it has nothing that leads to its device code", mayLeadInside: true };
    const dynamic = headers.sections.find(({ type }) => type === types.dynamic);
    const bytes = dynamic === undefined ? undefined : this.#held.copy(dynamic.offset, dynamic.size);
    if (bytes === undefined) return { reason: "its dynamic section could not be read", mayLeadInside: true };
    this.#refuse(wrongDynamic(headers, bytes), true);
    this.#followRelr(headers);
    const places = this.#places(headers);
    this.#checkWrappers(headers);
    if (headers.machine !== 62) this.#refuse("whether its code computes addresses of containers is known of x86-64 alone");
    if (this.#endIsComputed && this.#computed.has(this.#firstRelocatable(headers)))
      this.#refuse("its code goes through its containers from the first to the last", true);
    const reached = new Set(this.#pointers.map(({ container }) => container));
    const fixed = [...this.#containers.values()].filter((container) => this.#computed.has(container) || !reached.has(container));
    if (fixed.length === this.#containers.size) this.#refuse("no container is led to by a pointer that can be changed");
    if (this.#refusal !== undefined) return this.#refusal;
    return {
      places: Float64Array.from(places, ([place]) => place),
      containers: Uint32Array.from(places, ([, container]) => container),
      fixed: Uint32Array.from(fixed).sort(),
      symbols: Float64Array.from(this.#symbols, ({ place }) => place),
      symbolBytes: Buffer.concat(this.#symbols.map((symbol) => symbol.bytes)),
      dynamic: bytes,
      front: this.#frontIsUsed ? new Uint8Array(0) : frontOf(headers, this.#held),
    };
  }

  #refuse(reason: string | undefined, mayLeadInside = false): void {
    if (reason === undefined) return;
    const before = this.#refusal;
    if (before === undefined || (mayLeadInside && !before.mayLeadInside)) this.#refusal = { reason, mayLeadInside };
  }

  #isInside(address: number): boolean {
    const known = this.#regions;
    return known?.regions.some(({ start, end }) => address >= known.addressOf(start) && address < known.addressOf(end)) === true;
  }

  #isInFront(address: number): boolean {
    const headers = this.#headers;
    if (headers === undefined) return false;
    const first = headers.segments.find(({ type, offset }) => type === loadable && offset === 0)?.address ?? 0;
    return address >= first + tableEnd(headers) && address < first + frontEnd(headers);
  }

  #scansOf(headers: ElfHeaders): readonly (RecordScan | CodeScan)[] {
    const { sections } = headers;
    const inFront = sections.filter((one) => isAllocated(one) && one.type !== types.noBits && one.offset < frontEnd(headers));
    const fronts = new Set(inFront.map(({ address }) => address));
    return sections.flatMap((section): (RecordScan | CodeScan)[] => {
      const { type, flags, offset: start, size, address } = section;
      const table = { start, end: start + size - (size % 24), recordBytes: 24 };
      if (type === types.rela && isAllocated(section))
        return [new RecordScan({ ...table, take: (record, place) => this.#takeRelocation(record, place) })];
      if (type === types.symbols || type === types.dynamicSymbols)
        return [
          new RecordScan({ ...table, take: (record, place) => this.#takeSymbol(record, place, type === types.symbols, start) }),
        ];
      const isCode = Math.floor(flags / executable) % 2 === 1 && type !== types.noBits;
      if (!isCode || headers.machine !== 62) return [];
      const take = (target: number): void => {
        const container = this.#containers.get(target);
        this.#loose.takeTarget(target);
        if (container !== undefined) this.#computed.add(container);
        if (this.#isEndOfRelocatable(target)) this.#endIsComputed = true;
        if (fronts.has(target)) this.#frontIsUsed = true;
      };
      return [new CodeScan({ start, end: start + size, address, globalOffsets: globalOffsets(headers), take })];
    });
  }

  /** The linker gives names to both ends of a section whose name is one of C: code may go through it from one to the other. */
  #isEndOfRelocatable(target: number): boolean {
    const section = this.#headers?.sections.find(({ name }) => name === "__nv_relfatbin");
    return section !== undefined && section.size > 0 && target === section.address + section.size;
  }

  #firstRelocatable({ sections }: ElfHeaders): number {
    return this.#containers.get(sections.find(({ name }) => name === "__nv_relfatbin")?.address ?? -1) ?? -1;
  }

  #takeRelocation(record: DataView, addendAt: number): void {
    const [at, type, target] = [addressAt(record, 0), record.getUint32(8, true), addressAt(record, 16)];
    const relative = relatives[this.#headers?.machine ?? 0];
    const symbol = record.getUint32(12, true);
    this.#loose.takePlace(at);
    if (symbol === 0) this.#loose.takeTarget(target);
    else this.#loose.takeBesideName(symbol, target);
    if (this.#isInside(at)) this.#refuse("its device code is relocated", true);
    if (type === relative && this.#isInFront(target)) this.#frontIsUsed = true;
    if (!this.#isInside(target)) return;
    const container = this.#containers.get(target);
    if (type !== relative || record.getUint32(12, true) !== 0)
      this.#refuse("a relocation of an unusual kind leads to its device code", true);
    else if (container === undefined) this.#refuse("a relocation leads into a container", true);
    else this.#pointers.push({ at, container, addend: addendAt + 16 });
  }

  #takeSymbol(record: DataView, place: number, mayMove: boolean, start: number): void {
    const isDefined = record.getUint16(6, true) !== 0;
    const address = addressAt(record, 8);
    // Neither symbols of sections nor those of thread-local storage, whose values are no addresses.
    if (isDefined && ![3, 6].includes(record.getUint8(4) % 16))
      this.#loose.takeSymbol(address, addressAt(record, 16), mayMove ? undefined : (place - start) / 24);
    const isInFront = isDefined && this.#isInFront(address);
    if (isInFront && !mayMove) this.#frontIsUsed = true;
    const isEnd = isDefined && this.#isEndOf(record.getUint16(6, true), address);
    if (!isInFront && (!isDefined || !this.#isInside(address)) && !isEnd) return;
    const isSection = record.getUint8(4) % 16 === 3;
    if (!mayMove && !isInFront) this.#refuse("it offers a symbol in its device code to others", true);
    else if (!isInFront && !isSection && !isEnd && !this.#containers.has(address))
      this.#refuse("a symbol lies in a container", true);
    else if (this.#symbols.length >= mostSymbols) this.#refuse("too many symbols lie in its device code");
    else this.#symbols.push({ place, bytes: new Uint8Array(record.buffer, record.byteOffset, 24).slice() });
  }

  /** `__stop___nv_relfatbin`, where a linker makes it. */
  #isEndOf(section: number, address: number): boolean {
    const found = this.#headers?.sections[section];
    const isOwn = found !== undefined && this.#regions?.regions.some(({ sections }) => sections.includes(found)) === true;
    return isOwn && address === found.address + found.size;
  }

  #followRelr(headers: ElfHeaders): void {
    for (const { type, offset, size, flags } of headers.sections) {
      if (type !== types.relr || Math.floor(flags / 2) % 2 === 0) continue;
      const bytes = this.#held.read(offset, size);
      if (bytes === undefined) return this.#refuse("its relative relocations could not be read", true);
      for (const at of relrAddresses(bytes)) {
        const place = placeOf(headers, at);
        const target = place === undefined ? undefined : this.#held.word(place);
        this.#loose.takePlace(at);
        this.#loose.takeTarget(target ?? -1);
        if (this.#isInside(at) || target === undefined) return this.#refuse("a relative relocation could not be followed", true);
        if (!this.#isInside(target)) continue;
        const container = this.#containers.get(target);
        if (container === undefined) return this.#refuse("a relocation leads into a container", true);
        this.#pointers.push({ at, container });
      }
    }
  }

  /** The words that hold addresses: addends, and what stands in place of the address until it is relocated. */
  #places(headers: ElfHeaders): readonly (readonly [place: number, container: number])[] {
    return this.#pointers.flatMap(({ at, container, addend }) => {
      const place = placeOf(headers, at);
      const word = place === undefined ? undefined : this.#held.word(place);
      if (place === undefined || word === undefined) {
        this.#refuse("a pointer to a container is not where it could be read");
        return [];
      }
      const isTarget = this.#containers.get(word) === container;
      if (!isTarget && word !== 0) this.#refuse("a pointer to a container contradicts its relocation", true);
      return [
        ...(addend === undefined ? [] : [[addend, container] as const]),
        ...(isTarget ? [[place, container] as const] : []),
      ];
    });
  }

  #checkWrappers(headers: ElfHeaders): void {
    const known = new Set(this.#pointers.map(({ at }) => at));
    for (const { name, offset, size, address } of headers.sections) {
      if (name !== ".nvFatBinSegment") continue;
      const bytes = this.#held.read(offset, size);
      if (bytes === undefined) return this.#refuse("the wrappers of its containers could not be read");
      for (let at = 0; at + 24 <= size; at += 8) {
        if (bytes.readUInt32LE(at) !== wrapperMagic) continue;
        if (!known.has(address + at + 8)) this.#refuse("a wrapper leads to no container", true);
      }
    }
  }
}

function isAllocated({ flags }: ElfSectionHeader): boolean {
  return Math.floor(flags / 2) % 2 === 1;
}

function addressAt(record: DataView, at: number): number {
  return record.getUint32(at + 4, true) * 2 ** 32 + record.getUint32(at, true);
}

function refusedLayout({ machine, sections, segments }: ElfHeaders, fileSize: number): string | undefined {
  if (relatives[machine] === undefined) return `made for the machine ${machine}, whose relocations are not known`;
  const numbers = [
    ...sections.flatMap(({ address, offset, size }) => [address, offset, size]),
    ...segments.flatMap(({ address, offset, fileSize: size, memorySize, align }) => [address, offset, size, memorySize, align]),
  ];
  if (!numbers.every(Number.isSafeInteger)) return "its headers have numbers that no file has";
  const isOutside = sections.some(({ type, offset, size }) => type !== types.noBits && offset + size > fileSize);
  if (isOutside || segments.some(({ offset, fileSize: size }) => offset + size > fileSize))
    return "its headers lead out of the file";
  if (sections.some((section) => section.type === types.rel && isAllocated(section))) return "its relocations have no addends";
  return undefined;
}

function heldParts(headers: ElfHeaders, { regions }: DeviceRegions): readonly { start: number; end: number }[] {
  const written = headers.segments
    .filter(({ type, flags, fileSize }) => type === loadable && Math.floor(flags / writable) % 2 === 1 && fileSize > 0)
    .map(({ offset, fileSize }) => ({ start: offset, end: offset + fileSize }));
  const bytes = written.reduce((sum, { start, end }) => sum + end - start, 0);
  const isSmall = bytes <= mostHeldBytes;
  const isWanted = ({ name, type }: ElfSectionHeader): boolean =>
    type === types.relr || (!isSmall && (type === types.dynamic || name === ".nvFatBinSegment"));
  const sections = headers.sections
    .filter((section) => isWanted(section) && section.size <= (section.type === types.relr ? mostRelrBytes : mostHeldBytes))
    .map(({ offset, size }) => ({ start: offset, end: offset + size }));
  const front = frontEnd(headers);
  return [...(isSmall ? written : []), ...sections, { start: tableEnd(headers), end: Math.min(front, regions[0]?.start ?? 0) }];
}

/** What GOT-relative addresses of the large code model are counted from. */
function globalOffsets({ sections }: ElfHeaders): number | undefined {
  const table = sections.find(({ name }) => name === ".got.plt") ?? sections.find(({ name }) => name === ".got");
  return table?.address;
}

function tableEnd({ segments }: ElfHeaders): number {
  return elfSizes.header + elfSizes.segment * segments.length;
}

/** The end of the first sections behind the program headers which together have room for as many more as are ever needed. */
function frontEnd(headers: ElfHeaders): number {
  const needed = tableEnd(headers) + mostNewHeaders * elfSizes.segment;
  const ends = headers.sections
    .filter((section) => isAllocated(section) && section.type !== types.noBits && section.offset < needed)
    .map(({ offset, size }) => offset + size);
  const end = Math.max(needed, ...ends);
  return end > tableEnd(headers) + mostFrontBytes ? tableEnd(headers) : end;
}

function frontOf(headers: ElfHeaders, held: HeldParts): Uint8Array {
  const start = tableEnd(headers);
  return held.copy(start, frontEnd(headers) - start) ?? new Uint8Array(0);
}

/** Where in the file the word at an address stands. */
function placeOf({ segments }: ElfHeaders, address: number): number | undefined {
  const found = segments.find(
    (segment) => segment.type === loadable && address >= segment.address && address + 8 <= segment.address + segment.fileSize,
  );
  return found === undefined ? undefined : address - found.address + found.offset;
}

/** What the loader is told of relocations must be what was looked at. */
function wrongDynamic({ sections }: ElfHeaders, bytes: Buffer): string | undefined {
  const values = new Map<number, number>();
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const [tag, value] = [bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8)];
    if (tag === 0n) break;
    if (refusedTags.has(Number(tag))) return "the loader is told of relocations of an unusual kind";
    values.set(Number(tag), Number(value));
  }
  const isLookedAt = (address: number, size: number, type: number): boolean => {
    let place = address;
    for (const section of sections.toSorted((one, other) => one.address - other.address)) {
      if (section.type !== type || !isAllocated(section)) continue;
      if (section.address <= place && place < section.address + section.size) place = section.address + section.size;
    }
    return place >= address + size;
  };
  const pairs = [
    [tags.rela, tags.relaSize, types.rela],
    [tags.jmprel, tags.pltRelSize, types.rela],
    [tags.relr, tags.relrSize, types.relr],
  ] as const;
  for (const [tag, sizeTag, type] of pairs) {
    const address = values.get(tag);
    if (address !== undefined && !isLookedAt(address, values.get(sizeTag) ?? Infinity, type))
      return "the loader is told of relocations that no section has";
  }
  return undefined;
}
