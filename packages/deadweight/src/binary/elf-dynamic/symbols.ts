// Layout: elf(5), Elf32_Sym and Elf64_Sym: the name is the first word, binding the upper half of st_info, st_shndx 0 for what others have.
// How many symbols there are stands nowhere: DT_HASH has a chain for each, DT_GNU_HASH sorts those that are defined to the end.
import type { ElfForm, ReadAt, TableContext } from "./table-context.ts";

/** Hashes of names of symbols, each list ascending. */
export interface SymbolHashes {
  readonly defined: Uint32Array;
  /** Those that must be found: weak ones need not. */
  readonly undefined: Uint32Array;
}

const mostSymbols = 2_000_000;
const local = 0;
const global = 1;

/** The symbols between libraries; undefined when they could not be seen. */
export function parseSymbols(
  context: TableContext,
  start: number | undefined,
  tables: { readonly gnu: number | undefined; readonly old: number | undefined },
): SymbolHashes | undefined {
  const { form, read, textAt } = context;
  const count = tables.gnu === undefined ? countOld(read, form, tables.old) : countGnu(read, form, tables.gnu);
  const size = form.wide ? 24 : 16;
  const bytes = start === undefined || count === undefined || count > mostSymbols ? undefined : read(start, size * count);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const defined: number[] = [];
  const undefined_: number[] = [];
  for (let at = size; at + size <= bytes.length; at += size) {
    const binding = Math.floor(view.getUint8(at + (form.wide ? 4 : 12)) / 16);
    const name = binding === local ? undefined : textAt(view.getUint32(at, form.little));
    if (name === undefined || name === "") continue;
    const isDefined = view.getUint16(at + (form.wide ? 6 : 14), form.little) !== 0;
    if (isDefined) defined.push(symbolHash(name));
    else if (binding === global) undefined_.push(symbolHash(name));
  }
  return { defined: Uint32Array.from(defined).sort(), undefined: Uint32Array.from(undefined_).sort() };
}

/** FNV-1a of a symbol's name. */
export function symbolHash(name: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) value = Math.imul(value ^ name.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** The second word is the number of chains. */
function countOld(read: ReadAt, form: ElfForm, table: number | undefined): number | undefined {
  return table === undefined ? undefined : wordAt(read, form, table + 4);
}

/** Words: buckets, first hashed symbol, words of the bloom filter, its shift; the filter, the buckets, the chains, each ended by an odd word. */
function countGnu(read: ReadAt, form: ElfForm, table: number): number | undefined {
  const header = [0, 4, 8].map((offset) => wordAt(read, form, table + offset));
  const [buckets, first, filter] = header;
  if (buckets === undefined || first === undefined || filter === undefined || buckets > mostSymbols) return undefined;
  const start = table + 16 + filter * (form.wide ? 8 : 4);
  const bytes = read(start, buckets * 4);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let last = 0;
  for (let at = 0; at < bytes.length; at += 4) last = Math.max(last, view.getUint32(at, form.little));
  if (last < first) return first;
  for (const chains = start + buckets * 4; last < mostSymbols; last++) {
    const word = wordAt(read, form, chains + (last - first) * 4);
    if (word === undefined) return undefined;
    if (word % 2 === 1) return last + 1;
  }
  return undefined;
}

function wordAt(read: ReadAt, { little }: ElfForm, at: number): number | undefined {
  const bytes = read(at, 4);
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, little);
}
