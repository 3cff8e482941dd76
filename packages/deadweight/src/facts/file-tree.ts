import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { fates, mergeLayers, type Fate, type MergedLayers } from "../image/merge.ts";
import type { ByteString } from "../lib/byte-string.ts";
import type { DeviceTable } from "../model/device-table.ts";
import { entryTypes, type ElfSection, type EntryType, type LayerIndex } from "../model/layer-index.ts";
import type { PathTable } from "../model/path-table.ts";

/**
 * All that the layers store and what a container sees of it. An *entry* is a number, 0 to `entryCount - 1`, lowest layer
 * first; a *node* is a path's number in `paths`. Nothing is held as objects, so a million files cost what their columns cost.
 */
export interface FileTree {
  readonly paths: PathTable;
  readonly entryCount: number;
  /** Everything that was odd when the layers were stacked. */
  readonly oddities: MergedLayers["oddities"];

  readonly layerOf: (entry: number) => number;
  readonly nodeOf: (entry: number) => number;
  /** A byte string without leading slash. */
  readonly path: (entry: number) => ByteString;
  readonly type: (entry: number) => EntryType;
  /** Size of the content that a container sees, in bytes. */
  readonly size: (entry: number) => number;
  /** Content bytes in the layer: fewer than `size` for a sparse file alone. */
  readonly storedSize: (entry: number) => number;
  readonly mode: (entry: number) => number;
  /** `uid:gid`. */
  readonly owner: (entry: number) => string;
  readonly mtime: (entry: number) => number;
  /** Extended attributes by name, values are bytes; empty where there are none. */
  readonly xattrs: (entry: number) => ReadonlyMap<string, ByteString>;
  /** sha256 of the content as a byte string of 32; the empty string for what has no content. */
  readonly hash: (entry: number) => ByteString;
  readonly symlink: (entry: number) => ByteString | undefined;
  readonly elfSections: (entry: number) => readonly ElfSection[];
  /** Code for GPUs in an ELF file. */
  readonly deviceTable: (entry: number) => DeviceTable | undefined;
  /** What the entry costs in the uncompressed layer: headers, content, padding. */
  readonly tarBytes: (entry: number) => number;
  /** What it costs in the layer's blob. */
  readonly compressedBytes: (entry: number) => number;

  readonly fate: (entry: number) => Fate;
  /** The layer that hid the entry. */
  readonly hiddenBy: (entry: number) => number;
  /** The entry that carries the content: itself, or for a hard link the one it leads to. */
  readonly contentOf: (entry: number) => number;
  /** Whether a container sees the entry, or another name of its content. */
  readonly isLive: (entry: number) => boolean;

  /** The visible entry at a node, or -1. */
  readonly visible: (node: number) => number;
  /** The visible entry at a path, links not followed, or -1. */
  readonly find: (path: ByteString) => number;
  /** The visible entry that a path leads to, symlinks followed inside the image (at most 40), or -1. */
  readonly resolve: (path: ByteString) => number;
  /** Visible entries at a node and below it. */
  readonly within: (node: number) => Generator<number>;
  /** All visible entries. */
  readonly all: () => IterableIterator<number>;
  /**
   * Nodes with a visible entry whose path matches a pattern: names separated by `/`, where `*` stands for any run of bytes in
   * a name and a name `**` for any number of folders, never the last.
   */
  readonly glob: (pattern: string) => Generator<number>;
  /** The same over all nodes, those too where a container sees nothing. */
  readonly globAll: (pattern: string) => Generator<number>;
  /** Stored entries at a node in all layers, the lowest first, hidden ones too. */
  readonly stored: (node: number) => readonly number[];
}

const noAttributes: ReadonlyMap<string, ByteString> = new Map();

/** The stacked layers of an image. */
export const fileTree: Fact<FileTree> = defineFact("file-tree", (facts: Facts) => createFileTree(facts.layers));

/** A file tree over layer indexes. */
export function createFileTree(layers: readonly LayerIndex[]): FileTree {
  const merged = mergeLayers(layers);
  const { paths, bases } = merged;
  const live = liveContent(merged);
  let storedByNode: StoredByNode | undefined;
  let everything: Uint32Array | undefined;
  const hashes = layers.map((layer) => Buffer.from(layer.hashes.buffer, layer.hashes.byteOffset, layer.hashes.length));

  const layerOf = (entry: number): number => {
    let low = 0;
    let high = bases.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((bases[middle] ?? 0) <= entry) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  /** Reads a column: the layer's and the entry's place in it. */
  const at = <T>(entry: number, read: (layer: LayerIndex, index: number) => T): T => {
    const layer = layerOf(entry);
    const index = layers[layer];
    if (index === undefined || entry < 0 || entry >= merged.entryCount) throw new RangeError(`no entry ${entry}`);
    return read(index, entry - (bases[layer] ?? 0));
  };
  const visible = (node: number): number => merged.visible[node] ?? -1;
  const type = (entry: number): EntryType => at(entry, (layer, index) => entryTypes[layer.type[index] ?? 0] ?? "file");
  const symlink = (entry: number): ByteString | undefined => at(entry, (layer, index) => layer.symlinks.get(index));

  function* within(node: number): Generator<number> {
    const pending = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const entry = visible(next);
      if (entry >= 0) yield entry;
      for (let child = paths.firstChild(next); child !== 0; child = paths.nextSibling(child)) pending.push(child);
    }
  }

  const resolve = (path: ByteString): number => {
    let hops = 0;
    const pending = path.split("/").reverse();
    let node = 0;
    while (pending.length > 0) {
      const name = pending.pop() ?? "";
      if (name === "" || name === ".") continue;
      if (name === "..") {
        node = paths.parent(node);
        continue;
      }
      const child = paths.findChild(node, name);
      if (child < 0) return -1;
      const entry = visible(child);
      // A hard link may lead to a symlink.
      const target = entry < 0 ? undefined : symlink(merged.content[entry] ?? entry);
      if (target === undefined) node = child;
      else {
        if (++hops > 40) return -1;
        if (target.startsWith("/")) node = 0;
        for (const name of target.split("/").reverse()) pending.push(name);
      }
    }
    return visible(node);
  };

  return {
    paths,
    entryCount: merged.entryCount,
    oddities: merged.oddities,
    layerOf,
    nodeOf: (entry) => merged.nodes[entry] ?? 0,
    path: (entry) => paths.path(merged.nodes[entry] ?? 0),
    type,
    size: (entry) => at(entry, (layer, index) => layer.size[index] ?? 0),
    storedSize: (entry) => at(entry, (layer, index) => layer.storedSize[index] ?? 0),
    mode: (entry) => at(entry, (layer, index) => layer.mode[index] ?? 0),
    owner: (entry) => at(entry, (layer, index) => `${layer.uid[index] ?? 0}:${layer.gid[index] ?? 0}`),
    mtime: (entry) => at(entry, (layer, index) => layer.mtime[index] ?? 0),
    xattrs: (entry) => at(entry, (layer, index) => layer.xattrs.get(index) ?? noAttributes),
    hash: (entry) =>
      at(entry, (layer, index) =>
        entryTypes[layer.type[index] ?? 0] === "file"
          ? (hashes[layerOf(entry)]?.toString("latin1", 32 * index, 32 * index + 32) ?? "")
          : "",
      ),
    symlink,
    deviceTable: (entry) => at(entry, (layer, index) => layer.deviceCode.get(index)),
    elfSections: (entry) => at(entry, (layer, index) => layer.elf.get(index) ?? []),
    tarBytes: (entry) => at(entry, (layer, index) => (layer.starts[index + 1] ?? 0) - (layer.starts[index] ?? 0)),
    compressedBytes: (entry) =>
      at(entry, (layer, index) => (layer.compressedStarts[index + 1] ?? 0) - (layer.compressedStarts[index] ?? 0)),
    fate: (entry) => fates[merged.fate[entry] ?? 0] ?? "visible",
    hiddenBy: (entry) => merged.hiddenBy[entry] ?? 0,
    contentOf: (entry) => merged.content[entry] ?? entry,
    isLive: (entry) => live[entry] === 1,
    visible,
    find: (path) => {
      const node = paths.find(path);
      return node < 0 ? -1 : visible(node);
    },
    resolve,
    within,
    all: () => (everything ??= Uint32Array.from(within(0))).values(),
    glob: (pattern) => matching(paths, pattern, (node) => visible(node) >= 0),
    globAll: (pattern) => matching(paths, pattern, () => true),
    stored: (node) => (storedByNode ??= groupByNode(merged)).at(node),
  };
}

/** By entry: 1 when it is visible, a merged folder, or carries the content of a visible hard link. */
function liveContent(merged: MergedLayers): Uint8Array {
  const live = new Uint8Array(merged.entryCount);
  for (let entry = 0; entry < merged.entryCount; entry++) {
    const fate = fates[merged.fate[entry] ?? 0];
    if (fate !== "visible" && fate !== "merged") continue;
    live[entry] = 1;
    live[merged.content[entry] ?? entry] = 1;
  }
  return live;
}

interface StoredByNode {
  readonly at: (node: number) => readonly number[];
}

/** Entries by node: a counting sort, four bytes an entry. */
function groupByNode(merged: MergedLayers): StoredByNode {
  const starts = new Uint32Array(merged.paths.count + 1);
  for (const node of merged.nodes) starts[node + 1] = (starts[node + 1] ?? 0) + 1;
  for (let node = 0; node < merged.paths.count; node++) starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0);
  const next = starts.slice();
  const entries = new Uint32Array(merged.entryCount);
  for (let entry = 0; entry < merged.entryCount; entry++) {
    const node = merged.nodes[entry] ?? 0;
    const place = next[node] ?? 0;
    entries[place] = entry;
    next[node] = place + 1;
  }
  return { at: (node) => [...entries.subarray(starts[node] ?? 0, starts[node + 1] ?? 0)] };
}

type Matcher =
  | { readonly kind: "name"; readonly name: ByteString }
  | { readonly kind: "pattern"; readonly test: RegExp }
  | { readonly kind: "folders" };

function matcher(segment: string): Matcher {
  if (segment === "**") return { kind: "folders" };
  if (!segment.includes("*")) return { kind: "name", name: segment };
  return { kind: "pattern", test: new RegExp(`^${segment.split("*").map(escapeRegExp).join("[^]*")}$`) };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Nodes whose path matches, each once. Works off a list, not the call stack: paths may be thousands of folders deep. */
function* matching(paths: PathTable, pattern: string, accept: (node: number) => boolean): Generator<number> {
  const matchers = pattern.split("/").map(matcher);
  const pending: (readonly [position: number, folder: number])[] = [[0, 0]];
  const seen = new Set<number>();
  const step = function* (position: number, child: number): Generator<number> {
    if (position < matchers.length) pending.push([position, child]);
    else if (accept(child) && !seen.has(child)) {
      seen.add(child);
      yield child;
    }
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [position, folder] = next;
    const wanted = matchers[position];
    if (wanted === undefined) continue;
    if (wanted.kind === "name") {
      const child = paths.findChild(folder, wanted.name);
      if (child >= 0) yield* step(position + 1, child);
    } else if (wanted.kind === "pattern") {
      for (let child = paths.firstChild(folder); child !== 0; child = paths.nextSibling(child)) {
        if (wanted.test.test(paths.name(child))) yield* step(position + 1, child);
      }
    } else {
      pending.push([position + 1, folder]);
      for (let child = paths.firstChild(folder); child !== 0; child = paths.nextSibling(child)) {
        if (paths.hasChildren(child)) pending.push([position, child]);
      }
    }
  }
}
