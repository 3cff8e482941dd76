import type { FoundPointers } from "./device-pointers.ts";
import { elfSizes, type ElfHeaders, type ElfSectionHeader } from "./elf-headers.ts";

/** Where more program headers find room. */
export type HeaderSlot =
  /** None is needed. */
  | { readonly kind: "none" }
  /** A note that is described twice: once will do. `index` is that of the program header that goes. */
  | { readonly kind: "note"; readonly index: number }
  /** Nothing stands behind the last one, for so many. */
  | { readonly kind: "slack"; readonly count: number }
  /** The first sections make room: `bytes` of them come to stand behind the containers. */
  | { readonly kind: "front"; readonly start: number; readonly bytes: Uint8Array; readonly count: number };

const segments = { note: 4, property: 0x6474e553 };
const types = { bits: 1, strings: 3, hash: 5, note: 7, noBits: 8, dynamicSymbols: 11, gnuFirst: 0x6ffffff6, gnuLast: 0x6fffffff };

/** The safest place for `count` more program headers; a text says that there is none. A table that moves breaks strip(1). */
export function headerSlot(headers: ElfHeaders, count: number, { front }: Pick<FoundPointers, "front">): HeaderSlot | string {
  if (count === 0) return { kind: "none" };
  const property = headers.segments.find(({ type }) => type === segments.property);
  const index = headers.segments.findIndex(
    ({ type, offset, fileSize }) => type === segments.note && offset === property?.offset && fileSize === property.fileSize,
  );
  if (index >= 0 && count === 1) return { kind: "note", index };
  const start = elfSizes.header + elfSizes.segment * headers.segments.length;
  const used = [
    headers.sectionsOffset,
    ...headers.sections.filter(({ type, size }) => type !== types.noBits && type !== 0 && size > 0).map(({ offset }) => offset),
    ...headers.segments.filter(({ offset, fileSize }) => offset > 0 && fileSize > 0).map(({ offset }) => offset),
  ];
  if (Math.min(...used.filter((offset) => offset >= elfSizes.header)) >= start + count * elfSizes.segment)
    return { kind: "slack", count };
  const inFront = headers.sections.filter(
    ({ type, offset, size }) => type !== types.noBits && type !== 0 && size > 0 && offset < start + front.length,
  );
  const mayMove = front.length >= count * elfSizes.segment && inFront.every((section) => isMovable(section, start, front.length));
  return mayMove ? { kind: "front", start, bytes: front, count } : "no room for one more program header";
}

/** What the loader and tools find by an address or a header that can be told anew. */
function isMovable({ name, type, offset, size, flags }: ElfSectionHeader, start: number, bytes: number): boolean {
  const isKnown =
    type === types.note ||
    type === types.hash ||
    type === types.dynamicSymbols ||
    (type === types.bits && name === ".interp") ||
    (type === types.strings && name === ".dynstr") ||
    (type >= types.gnuFirst && type <= types.gnuLast);
  return isKnown && flags % 2 === 0 && offset >= start && offset + size <= start + bytes;
}
