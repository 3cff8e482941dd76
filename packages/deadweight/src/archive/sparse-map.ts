import { byteStringOf } from "../lib/byte-string.ts";
import { UserError } from "../lib/user-error.ts";
import type { PaxRecords } from "./pax.ts";
import { parseDecimal, parseTarNumber } from "./tar-number.ts";

/** A part of a sparse file that is stored; all else is a hole. Offsets and lengths in bytes of the file. */
export interface SparseRegion {
  readonly offset: number;
  readonly length: number;
}

/** Which of GNU tar's PAX sparse formats the records announce: the map in the records (0.1), or before the content (1.0). */
export function paxSparseFormat(records: PaxRecords): "0.1" | "1.0" | undefined {
  const major = records.get("GNU.sparse.major") ?? "";
  const minor = records.get("GNU.sparse.minor") ?? "";
  if (major === "0" && (minor === "0" || minor === "1")) return "0.1";
  if (major === "1" && minor === "0") return "1.0";
  if (major !== "" || minor !== "") return undefined;
  return (records.get("GNU.sparse.map") ?? "") === "" ? undefined : "0.1";
}

/** The map of format 0.1, `GNU.sparse.map` with `GNU.sparse.numblocks` pairs. */
export function parsePaxSparseMap(records: PaxRecords): readonly SparseRegion[] {
  const count = parseDecimal(records.get("GNU.sparse.numblocks") ?? "", "GNU.sparse.numblocks");
  const map = records.get("GNU.sparse.map") ?? "";
  const numbers = map === "" ? [] : map.split(",");
  if (count < 0 || numbers.length !== 2 * count) throw malformed(`${numbers.length} numbers for ${count} regions`);
  return pairs(numbers);
}

/** How many newlines the map of format 1.0 has, as far as its first line tells; undefined before the line is complete. */
export function sparseMapLines(body: Uint8Array): number | undefined {
  const newline = body.indexOf(0x0a);
  if (newline < 0) return undefined;
  const count = parseDecimal(byteStringOf(body, 0, newline), "sparse map");
  if (count < 0) throw malformed(`${count} regions`);
  return 1 + 2 * count;
}

/** The map of format 1.0: the count of regions, then offset and length of each, one number a line. */
export function parseSparseMapBody(body: Uint8Array): readonly SparseRegion[] {
  const lines = byteStringOf(body).split("\n");
  const count = parseDecimal(lines[0] ?? "", "sparse map");
  return pairs(lines.slice(1, 1 + 2 * count));
}

/** Regions of the old GNU format: up to `most` pairs of 12-byte numbers from `start`, ended by a NUL. */
export function parseOldSparseRegions(block: Uint8Array, start: number, most: number): readonly SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let at = start; regions.length < most && block[at] !== 0; at += 24) {
    regions.push({ offset: parseTarNumber(block, at, 12), length: parseTarNumber(block, at + 12, 12) });
  }
  return regions;
}

/** Throws unless the regions are in order, apart, and within the file. */
export function checkSparseRegions(regions: readonly SparseRegion[], size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw malformed(`size ${size}`);
  let end = 0;
  for (const { offset, length } of regions) {
    if (offset < end || length < 0 || offset + length > size)
      throw malformed(`region ${offset}+${length} of a file of ${size} bytes`);
    end = offset + length;
  }
}

function pairs(numbers: readonly string[]): readonly SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    regions.push({
      offset: parseDecimal(numbers[at] ?? "", "sparse map"),
      length: parseDecimal(numbers[at + 1] ?? "", "sparse map"),
    });
  }
  return regions;
}

function malformed(why: string): UserError {
  return new UserError("corrupt-layer", `sparse map: ${why}`);
}
