import { defaultLimits } from "../../src/archive/limits.ts";
import { catalogers } from "../../src/catalogers/index.ts";
import { createFileTree, type FileTree } from "../../src/facts/file-tree.ts";
import { completeImage } from "../../src/image/complete.ts";
import { readLayers } from "../../src/image/read-layers.ts";
import type { ByteString } from "../../src/lib/byte-string.ts";
import { openImage } from "../../src/pipeline/open-image.ts";
import { listing } from "./engine-listing.ts";
import { openOptions } from "./registry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What is at each path, one line of text: type, mode, owner, size or link target, time, and the first of its hard links. */
export type Visible = ReadonlyMap<ByteString, string>;

/** What deadweight says that a container sees. */
export function visibleIn(tree: FileTree): Visible {
  const entries = [...tree.all()].filter((entry) => tree.path(entry) !== "");
  const firstOf = new Map<number, ByteString>();
  for (const entry of entries) {
    const known = firstOf.get(tree.contentOf(entry));
    if (known === undefined || tree.path(entry) < known) firstOf.set(tree.contentOf(entry), tree.path(entry));
  }
  return new Map(
    entries.map((entry) => {
      const content = tree.contentOf(entry);
      return [
        tree.path(entry),
        told({
          type: letters[tree.type(content)] ?? "?",
          mode: tree.type(content) === "symlink" ? "any" : tree.mode(entry).toString(8),
          owner: tree.owner(entry),
          size: tree.type(content) === "file" ? tree.size(content) : 0,
          target: tree.symlink(content) ?? "",
          seconds: Math.floor(tree.mtime(entry)),
          first: firstOf.get(content) ?? "",
        }),
      ];
    }),
  );
}

const letters: Readonly<Record<string, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  "character-device": "c",
  "block-device": "b",
  fifo: "p",
};

interface Seen {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly size: number;
  readonly target: ByteString;
  readonly seconds: number;
  readonly first: ByteString;
}

function told({ type, mode, owner, size, target, seconds, first }: Seen): string {
  return `${type} ${mode} ${owner} ${size} ${JSON.stringify(target)} ${seconds} ${JSON.stringify(first)}`;
}

/** What `docker export` wrote, so what the kernel's overlay file system shows. */
export async function visibleInArchive(archive: string): Promise<Visible> {
  const entries = (await listing(archive)).filter(({ path }) => path !== "");
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const contentOf = (path: ByteString): ByteString => {
    const entry = byPath.get(path);
    return entry?.type === "h" ? (entry.link ?? "") : path;
  };
  const names = Map.groupBy(
    entries.map(({ path }) => path),
    contentOf,
  );
  return new Map(
    entries.map(({ path }) => {
      const content = byPath.get(contentOf(path));
      if (content === undefined) throw new Error(`${archive}: a hard link to nothing: ${path}`);
      const { type, mode, link, ...rest } = content;
      const first = names.get(content.path)?.sort()[0] ?? path;
      return [path, told({ ...rest, type, mode: type === "l" ? "any" : octalMode(mode), target: link ?? "", first })];
    }),
  );
}

/** `rwsr-xr-t` as octal digits. */
function octalMode(letters: string): string {
  const bit = (place: number): number => (/[-ST]/.test(letters[place] ?? "-") ? 0 : 2 ** (8 - place));
  const special = (place: number, value: number): number => (/[sStT]/.test(letters[place] ?? "-") ? value : 0);
  const permissions = Array.from({ length: 9 }, (_, place) => bit(place)).reduce((sum, value) => sum + value, 0);
  return (permissions + special(2, 0o4000) + special(5, 0o2000) + special(8, 0o1000)).toString(8);
}

/** The stacked layers of an image, read as `analyze` reads them. */
export async function treeOf(reference: string): Promise<FileTree> {
  const open = openOptions({ environment: process.env, temporaryFolder: temporaryFolder() });
  const { source } = await openImage(reference, open);
  try {
    const image = await completeImage(source, open.platform, defaultLimits);
    const patterns = catalogers.flatMap((cataloger) => cataloger.wants);
    const spoolFolder = temporaryFolder();
    const options = { patterns, limits: defaultLimits, spoolFolder, signal: open.signal, cache: undefined, onProgress: () => {} };
    return createFileTree(await readLayers(image, options));
  } finally {
    await source.close();
  }
}
