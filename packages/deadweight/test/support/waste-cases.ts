import type { TestEntry } from "./layers.ts";

/** Bytes of the files in the cases; no multiple of a block, so that padding counts. */
export const megabyte = 1_000_000;

/** A file's content: the same for the same byte. */
export function wasted(byte: number): Uint8Array {
  return new Uint8Array(megabyte).fill(byte);
}

const base: readonly TestEntry[] = [
  { path: "opt/" },
  { path: "opt/cache/" },
  { path: "opt/cache/a", content: wasted(1) },
  { path: "opt/cache/b", content: wasted(2) },
  { path: "opt/keep", content: wasted(3) },
];

/** What is wasted in an image. */
export type WasteCase =
  | "a removed folder"
  | "an opaque folder"
  | "files removed one by one"
  | "a file overwritten"
  | "a file overwritten, then removed"
  | "the same content elsewhere"
  | "no waste";

/**
 * Six images whose waste dive (its commit d6c6919) misses or counts twice, and one without waste: a base of three files of 1 MB, then
 * the layers of the case.
 */
export const wasteCases: Readonly<Record<WasteCase, readonly (readonly TestEntry[])[]>> = {
  "a removed folder": [base, [{ path: "opt/" }, { path: "opt/.wh.cache" }]],
  "an opaque folder": [base, [{ path: "opt/" }, { path: "opt/cache/" }, { path: "opt/cache/.wh..wh..opq" }]],
  "files removed one by one": [base, [{ path: "opt/cache/.wh.a" }, { path: "opt/cache/.wh.b" }]],
  "a file overwritten": [base, [{ path: "opt/cache/a", content: wasted(4) }]],
  "a file overwritten, then removed": [base, [{ path: "opt/cache/a", content: wasted(4) }], [{ path: "opt/cache/.wh.a" }]],
  "the same content elsewhere": [base, [{ path: "srv/" }, { path: "srv/copy", content: wasted(1) }]],
  "no waste": [base, [{ path: "srv/" }, { path: "srv/program", content: wasted(5) }]],
};
