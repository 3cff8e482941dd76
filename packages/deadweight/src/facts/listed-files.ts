import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { byteStringOf, type ByteString } from "../lib/byte-string.ts";
import { capturedContent } from "./captured-content.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/** What lists of packages say that the image does not hold. */
export interface ListedFiles {
  /** Lists that were read. */
  readonly lists: number;
  /** By list: rows whose file is not there. */
  readonly missing: ReadonlyMap<ByteString, ReadonlySet<ByteString>>;
  /** By list: rows whose file has another content than they say. RECORD alone has hashes that are known of files here. */
  readonly changed: ReadonlyMap<ByteString, ReadonlySet<ByteString>>;
}

/** Rows of dpkg's lists and of Python's RECORD files against the files of the image. */
export const listedFiles: Fact<ListedFiles> = defineFact("listed-files", (facts: Facts): ListedFiles => {
  const tree = facts.get(fileTree);
  const isThere = createPresence(tree);
  const missing = new Map<ByteString, ReadonlySet<ByteString>>();
  const changed = new Map<ByteString, ReadonlySet<ByteString>>();
  let lists = 0;
  for (const { path, rows } of listsOf(facts, tree)) {
    lists++;
    missing.set(path, new Set(rows.filter((row) => isThere(row.path) < 0).map((row) => row.path)));
    changed.set(path, new Set(rows.filter((row) => differs(tree, isThere(row.path), row)).map((row) => row.path)));
  }
  return { lists, missing, changed };
});

interface Row {
  readonly path: ByteString;
  /** sha256 as a byte string. */
  readonly hash?: ByteString;
}

function* listsOf(facts: Facts, tree: FileTree): Generator<{ readonly path: ByteString; readonly rows: readonly Row[] }> {
  for (const node of tree.glob("var/lib/dpkg/info/*.list")) {
    const text = textAt(facts, tree, node);
    const rows = text.split("\n").filter((line) => line !== "" && line !== "/.");
    yield { path: tree.paths.path(node), rows: rows.map((line) => ({ path: line.replace(/^\/+/, "") })) };
  }
  for (const node of tree.glob("**/*.dist-info/RECORD")) {
    const site = tree.paths.path(tree.paths.parent(tree.paths.parent(node)));
    const rows = textAt(facts, tree, node)
      .split("\n")
      .flatMap((line) => recordRow(line, site) ?? []);
    yield { path: tree.paths.path(node), rows };
  }
}

function textAt(facts: Facts, tree: FileTree, node: number): ByteString {
  const bytes = capturedContent(facts, tree.visible(node));
  return bytes === undefined ? "" : byteStringOf(bytes);
}

/** PEP 376: path, hash and size; a path in quotes has a comma, which no module has. */
function recordRow(line: ByteString, site: ByteString): Row | undefined {
  const [, path, hash] = /^([^",]+),(?:sha256=([\w-]+))?,/.exec(line) ?? [];
  if (path === undefined) return undefined;
  const place = path.startsWith("/") ? path.slice(1) : site === "" ? path : `${site}/${path}`;
  return { path: place, ...(hash === undefined ? {} : { hash: Buffer.from(hash, "base64url").toString("latin1") }) };
}

function differs(tree: FileTree, entry: number, { hash }: Row): boolean {
  if (hash === undefined || entry < 0) return false;
  const actual = tree.hash(tree.contentOf(entry));
  return actual !== "" && actual !== hash;
}

/** The entry at a path whose folders may lead through links, while its own name need lead nowhere; -1 for none. */
function createPresence(tree: FileTree): (path: ByteString) => number {
  const folders = new Map<ByteString, number>();
  return (path) => {
    const slash = path.lastIndexOf("/");
    const folder = path.slice(0, Math.max(0, slash));
    const known = folders.get(folder) ?? (folder === "" ? 0 : nodeAt(tree, folder));
    folders.set(folder, known);
    const child = known < 0 ? -1 : tree.paths.findChild(known, path.slice(slash + 1));
    if (child >= 0) return tree.visible(child);
    return path.includes("..") ? tree.resolve(path) : -1;
  };
}

function nodeAt(tree: FileTree, folder: ByteString): number {
  const entry = tree.resolve(folder);
  // A folder that no layer stores has no entry, but a node.
  return entry < 0 ? tree.paths.find(folder) : tree.nodeOf(entry);
}
