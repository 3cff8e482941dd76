import { type Dirent, closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, posix, sep } from "node:path";
import type { ContextFile } from "../../contracts/edit.ts";
import { decodeText } from "../../dockerfile/decode-text.ts";
import { parseIgnoreFile, type IgnoreMatcher } from "../../dockerfile/ignore-patterns.ts";
import { fileError } from "../../lib/file-error.ts";

/** The folder that a build sends. */
export interface BuildContext {
  /**
   * What is left after .dockerignore, weighed when first asked for; links are not followed, and weigh nothing as special files do. Nothing
   * for a folder of more files than anybody would send.
   */
  readonly files: () => readonly ContextFile[] | undefined;
  /** The text of a file that is left; nothing when it is not there, not plain, behind a link to the outside or larger than 1 MiB. */
  readonly read: (path: string) => string | undefined;
}

// A context of more files takes minutes to send, and seconds to weigh.
const mostEntries = 300_000;
const mostTextBytes = 1 << 20;

/** Opens a build context. A .dockerignore with the Dockerfile's name before it wins over the context's own. Throws UserError. */
export function openContext(folder: string, dockerfile: string): BuildContext {
  const isIgnored = ignoreMatcher(folder, dockerfile);
  const top = realFolder(folder);
  let known: readonly ContextFile[] | "none" | undefined;
  return {
    files: () => {
      known ??= weigh(top, isIgnored) ?? "none";
      return known === "none" ? undefined : known;
    },
    read: (path) => {
      const inner = posix.normalize(path);
      if (inner.startsWith("..") || inner.startsWith("/") || isIgnored(inner)) return undefined;
      return isWithin(top, join(top, inner)) ? readText(join(top, inner)) : undefined;
    },
  };
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    throw fileError(error, `could not read the build context ${folder}`);
  }
}

function isWithin(top: string, path: string): boolean {
  try {
    return realpathSync(path).startsWith(top.endsWith(sep) ? top : top + sep);
  } catch {
    return false;
  }
}

function weigh(top: string, isIgnored: IgnoreMatcher): readonly ContextFile[] | undefined {
  const files: ContextFile[] = [];
  const waiting = [""];
  let seen = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of entriesOf(join(top, path))) {
      const inner = posix.join(path, entry.name);
      seen += 1;
      // A folder that is left out may hold what an exception takes back in.
      if (entry.isDirectory()) waiting.push(inner);
      else if (!isIgnored(inner)) files.push({ path: inner, bytes: entry.isFile() ? sizeOf(join(top, inner)) : 0 });
    }
    if (seen > mostEntries) return undefined;
  }
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What .dockerignore leaves out of a build with this Dockerfile. Throws UserError `bad-dockerignore`. */
export function ignoreMatcher(folder: string, dockerfile: string): IgnoreMatcher {
  const own = join(dirname(dockerfile), `${basename(dockerfile)}.dockerignore`);
  for (const file of [own, join(folder, ".dockerignore")]) {
    const text = readText(file);
    if (text !== undefined) return parseIgnoreFile(text, file);
  }
  return () => false;
}

/** A folder that may not be read would stop the build; here it counts as empty. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readText(path: string): string | undefined {
  let file: number | undefined;
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    file = openSync(path, "r");
    return fstatSync(file).size > mostTextBytes ? undefined : decodeText(readFileSync(file)).text;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The path of a Dockerfile as a diff names it: as it was called from the current folder, its name alone where it lies elsewhere. */
export function diffPath(file: string): string {
  const path = normalize(file);
  return (isAbsolute(path) || path.startsWith("..") ? basename(path) : path).split(sep).join("/");
}
