// Layout: apk-tools' src/database.c: paragraphs separated by empty lines, lines `X:value`. P name, V version, I installed
// size, D dependencies, p what it provides; `F:folder` is a folder without leading slash, `R:name` a file in the last one.
import { textOf, type ByteString } from "../../lib/byte-string.ts";
import { longestPath } from "../system/catalog-draft.ts";
import { linesOf } from "../system/lines.ts";
import { spellingsOf } from "../system/merged-usr.ts";

/** A paragraph of apk's database. */
export interface InstalledApk {
  /** Empty where the paragraph has none. */
  readonly name: string;
  readonly version: string;
  /** Digits, if it is true. */
  readonly installedSize: string;
  readonly depends: string;
  readonly provides: string;
  readonly paths: readonly ByteString[];
}

/** The paragraphs of apk's database; `within` says how many of the paths may be kept. */
export function* parseInstalledDatabase(
  bytes: Uint8Array,
  within: (paths: readonly ByteString[]) => readonly ByteString[],
): Generator<InstalledApk> {
  let fields = new Map<string, ByteString>();
  let paths: ByteString[] = [];
  for (const line of linesOf(bytes)) {
    const value = line.slice(2);
    if (line === "") {
      if (fields.size > 0) yield installedApk(fields, paths);
      fields = new Map();
      paths = [];
    } else if (line.startsWith("R:")) {
      // No longer than shows that it is too long: every file of a folder could otherwise cost the folder's length.
      const folder = (fields.get("F") ?? "").slice(0, longestPath + 1);
      paths.push(...within(spellingsOf(folder === "" ? value : `${folder}/${value}`)));
    } else {
      if (line.startsWith("F:") && value !== "") paths.push(...within(spellingsOf(value)));
      fields.set(line.slice(0, 1), value);
    }
  }
  if (fields.size > 0) yield installedApk(fields, paths);
}

function installedApk(fields: ReadonlyMap<string, ByteString>, paths: readonly ByteString[]): InstalledApk {
  const text = (letter: string): string => textOf(fields.get(letter) ?? "");
  return { name: text("P"), version: text("V"), installedSize: text("I"), depends: text("D"), provides: text("p"), paths };
}
