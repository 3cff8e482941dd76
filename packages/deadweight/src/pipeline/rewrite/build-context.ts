import { type Dirent, closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, posix, sep } from "node:path";
import type { ContextFile } from "../../contracts/edit.ts";
import { decodeText } from "../../dockerfile/decode-text.ts";
import { parseIgnoreFile, type IgnoreMatcher } from "../../dockerfile/ignore-patterns.ts";
import { fileError } from "../../lib/file-error.ts";
import { UserError } from "../../lib/user-error.ts";

/** The folder that a build sends, weighed as it would be sent. */
export interface BuildContext {
  /** What is left after .dockerignore; links and special files are not followed and weigh nothing. */
  readonly files: readonly ContextFile[];
  /** The text of a file that is left; nothing when it is not there, not plain or larger than 1 MiB. */
  readonly read: (path: string) => string | undefined;
}

// A context of more files takes minutes to send; edits need none of them one by one.
const mostFiles = 500_000;
const mostTextBytes = 1 << 20;

/** Weighs a build context. A .dockerignore with the Dockerfile's name before it wins over the context's own. Throws UserError. */
export function weighContext(folder: string, dockerfile: string): BuildContext {
  const isIgnored = ignoreMatcher(folder, dockerfile);
  const files: ContextFile[] = [];
  const waiting = [""];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of entriesOf(join(folder, path), path === "")) {
      const inner = posix.join(path, entry.name);
      // A folder that is left out may hold what an exception takes back in.
      if (entry.isDirectory()) waiting.push(inner);
      else if (!isIgnored(inner)) files.push({ path: inner, bytes: entry.isFile() ? sizeOf(join(folder, inner)) : 0 });
      if (files.length > mostFiles)
        throw new UserError("too-large", `${folder}: more than ${mostFiles} files are no build context that can be weighed`);
    }
  }
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  const known = new Set(files.map(({ path }) => path));
  return { files, read: (path) => (known.has(posix.normalize(path)) ? readText(join(folder, path)) : undefined) };
}

/** What the .dockerignore of a context leaves out; one with the Dockerfile's name before it wins. Throws UserError. */
export function ignoreMatcher(folder: string, dockerfile: string): IgnoreMatcher {
  const own = join(dirname(dockerfile), `${basename(dockerfile)}.dockerignore`);
  for (const file of [own, join(folder, ".dockerignore")]) {
    const text = readText(file);
    if (text !== undefined) return parseIgnoreFile(text, file);
  }
  return () => false;
}

function entriesOf(folder: string, isTop: boolean): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isTop) throw fileError(error, `could not read the build context ${folder}`);
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
