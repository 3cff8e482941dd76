import { accessSync, constants, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { builtAt, type DemoEntry } from "./demo-entry.ts";

/** A file, folder or link of this machine as an entry of root's; undefined when it is not there, not readable or of another type. */
export function machineEntry(source: string, path: string): DemoEntry | undefined {
  const stats = statsOf(source);
  if (stats === undefined) return undefined;
  const about = { path, mode: stats.mode & 0o7777, owner: 0, mtime: Math.min(builtAt, Math.floor(stats.mtimeMs / 1000)) };
  if (stats.isDirectory()) return { ...about, type: "directory" };
  if (stats.isSymbolicLink()) return { ...about, type: "symlink", mode: 0o777, link: readlinkSync(source) };
  return stats.isFile() ? { ...about, type: "file", source: { path: source, size: stats.size } } : undefined;
}

function statsOf(path: string): Stats | undefined {
  try {
    const stats = lstatSync(path);
    if (stats.isFile()) accessSync(path, constants.R_OK);
    return stats;
  } catch {
    return undefined;
  }
}

/** All that is below a folder of this machine, in order of names, at `path` in the image; `accept` is asked for each name. */
export function* entriesBelow(
  folder: string,
  path: string,
  accept: (name: string) => boolean = () => true,
): Generator<DemoEntry> {
  for (const name of namesIn(folder)) {
    if (!accept(name)) continue;
    const entry = machineEntry(join(folder, name), `${path}/${name}`);
    if (entry === undefined) continue;
    yield entry;
    if (entry.type === "directory") yield* entriesBelow(join(folder, name), entry.path, accept);
  }
}

/** Names in a folder, sorted; none when it can't be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The first entries that have together at most so many bytes of content. */
export function* upTo(mostBytes: number, entries: Iterable<DemoEntry>): Generator<DemoEntry> {
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.source?.size ?? 0;
    if (bytes > mostBytes) return;
    yield entry;
  }
}
