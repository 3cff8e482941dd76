import type { ByteString } from "../lib/byte-string.ts";
import { entryTypes, type LayerIndex } from "../model/layer-index.ts";
import { PathTable, rootNode } from "../model/path-table.ts";

/**
 * What became of a stored entry when the layers were stacked, by the rules of overlayfs (docker and podman agree):
 * `visible` in a container; `merged` a folder that a higher layer stores again; `overwritten` at the same path; `removed` by a
 * whiteout of its own; `below-removed` or `below-opaque` with a folder; `replaced` because its folder became a file;
 * `repeated` by a later entry of the same layer; `marker` a whiteout or opaque marker.
 */
export const fates = [
  "visible",
  "merged",
  "overwritten",
  "removed",
  "below-removed",
  "below-opaque",
  "replaced",
  "repeated",
  "marker",
] as const;
/** One of `fates`. */
export type Fate = (typeof fates)[number];

/** The stacked layers, in arrays. An entry's number is its place in its layer plus `bases[layer]`. */
export interface MergedLayers {
  readonly paths: PathTable;
  readonly entryCount: number;
  /** First entry number of each layer, and at the end the count of all. */
  readonly bases: readonly number[];
  /** By entry: its node in `paths`. */
  readonly nodes: Uint32Array;
  /** By entry: place in `fates`. */
  readonly fate: Uint8Array;
  /** By entry: the layer that hid it; its own layer while it is visible. */
  readonly hiddenBy: Uint16Array;
  /** By entry: the entry that carries its content: another one for a hard link. */
  readonly content: Uint32Array;
  /** By node: the entry that a container sees, or -1. */
  readonly visible: Int32Array;
  /** What depends on the runtime, and what points nowhere. */
  readonly oddities: readonly { readonly entry: number; readonly message: string }[];
}

/** As many are told of; a layer may have millions. */
const mostOddities = 1000;
/** Links followed for one path, as the kernel does. */
const mostHops = 40;

const typeNumber = Object.fromEntries(entryTypes.map((type, number) => [type, number])) as Record<
  (typeof entryTypes)[number],
  number
>;
const fateNumber = Object.fromEntries(fates.map((fate, number) => [fate, number])) as Record<Fate, number>;

/** Stacks layers, lowest first, into what a container sees, and remembers what became of every stored entry. */
export function mergeLayers(layers: readonly LayerIndex[]): MergedLayers {
  const merger = new Merger(layers);
  for (const [index, layer] of layers.entries()) merger.stack(index, layer);
  return merger.result();
}

const belowNoFolder = "lies below what is no folder: runtimes differ in where it goes";

class Merger {
  readonly #paths = new PathTable();
  readonly #bases: number[] = [0];
  readonly #nodes: Uint32Array;
  readonly #fate: Uint8Array;
  readonly #hiddenBy: Uint16Array;
  readonly #content: Uint32Array;
  readonly #oddities: { entry: number; message: string }[] = [];
  readonly #types: Uint8Array;
  #visible = new Int32Array(1).fill(-1);
  #layer = 0;
  /** First entry, symlinks and whiteouts of the layer at hand. */
  #base = 0;
  #symlinks: LayerIndex["symlinks"] = new Map();
  #whiteouts = new Set<number>();

  constructor(layers: readonly LayerIndex[]) {
    for (const layer of layers) this.#bases.push((this.#bases.at(-1) ?? 0) + layer.count);
    const count = this.#bases.at(-1) ?? 0;
    this.#nodes = new Uint32Array(count);
    this.#fate = new Uint8Array(count);
    this.#hiddenBy = new Uint16Array(count);
    this.#content = new Uint32Array(count);
    this.#types = new Uint8Array(count);
  }

  stack(index: number, layer: LayerIndex): void {
    const base = this.#bases[index] ?? 0;
    this.#layer = index;
    this.#base = base;
    this.#symlinks = layer.symlinks;
    const nodeOf = this.#paths.merge(layer.paths);
    this.#grow();
    this.#types.set(layer.type.subarray(0, layer.count), base);
    for (let at = 0; at < layer.count; at++) {
      this.#nodes[base + at] = nodeOf[layer.path[at] ?? 0] ?? 0;
      this.#hiddenBy[base + at] = index;
      this.#content[base + at] = base + at;
    }
    const made = this.#applyMarkers(base, layer);
    for (let at = 0; at < layer.count; at++) {
      if (!isMarker(layer.type[at] ?? 0)) this.#place(base + at);
      if (layer.type[at] === typeNumber.hardlink) this.#link(base + at, nodeOf[layer.linkNode[at] ?? 0] ?? 0);
    }
    // A marker's folder that the layer stores itself is nothing odd.
    for (const [entry, obstacle] of made) if ((this.#visible[obstacle] ?? -1) < base) this.#odd(entry, belowNoFolder);
  }

  result(): MergedLayers {
    return {
      paths: this.#paths,
      entryCount: this.#nodes.length,
      bases: this.#bases,
      nodes: this.#nodes,
      fate: this.#fate,
      hiddenBy: this.#hiddenBy,
      content: this.#content,
      visible: this.#visible,
      oddities: this.#oddities,
    };
  }

  /** A layer's markers hide lower layers alone, wherever in the archive they stand. */
  #applyMarkers(base: number, layer: LayerIndex): [entry: number, obstacle: number][] {
    this.#whiteouts = new Set();
    const made: [number, number][] = [];
    const later = (entry: number, obstacle: number): void => void made.push([entry, obstacle]);
    for (let at = 0; at < layer.count; at++) {
      const type = layer.type[at] ?? 0;
      if (!isMarker(type)) continue;
      const node = this.#nodes[base + at] ?? 0;
      this.#fate[base + at] = fateNumber.marker;
      if (type === typeNumber.opaque && node === rootNode) {
        this.#odd(base + at, "an opaque marker at the root: overlay file systems ignore it, other runtimes do not");
      } else if (type === typeNumber.opaque) {
        this.#makeFolders(node, base + at, later);
        this.#hideBelow(node, "below-opaque");
      } else {
        this.#makeFolders(this.#paths.parent(node), base + at, later);
        this.#hide(node, "removed");
        this.#hideBelow(node, "below-removed");
        this.#whiteouts.add(node);
      }
    }
    return made;
  }

  #place(entry: number): void {
    const node = this.#settle(entry);
    if (this.#isWhiteout(node)) this.#odd(entry, "stands beside a whiteout of its name or folder: engines refuse it or differ");
    const below = this.#visible[node] ?? -1;
    if (below >= this.#base) {
      this.#odd(entry, "is stored twice in its layer: the last one counts, engines refuse it");
      this.#hide(node, "repeated");
    } else if (below >= 0 && this.#isFolder(below) && this.#isFolder(entry)) this.#fateOf(below, "merged");
    else if (below >= 0) this.#hide(node, "overwritten");
    // A folder may be there by what lies in it alone.
    if (!this.#isFolder(entry) && this.#paths.hasChildren(node)) this.#hideBelow(node, "replaced");
    this.#visible[node] = entry;
  }

  /** The node where an entry lies: its own, or where the links of its own layer lead that are in its path, as engines unpack it. */
  #settle(entry: number): number {
    const own = this.#nodes[entry] ?? 0;
    const node = this.#followed(own);
    if (node !== own) {
      this.#odd(entry, "lies below a link of its own layer: put where that leads");
      this.#nodes[entry] = node;
    }
    this.#makeFolders(this.#paths.parent(node), entry);
    return node;
  }

  /** An entry below what is a link or a file in the stack: overlay makes a folder of it, other runtimes follow the link. */
  #makeFolders(
    folder: number,
    entry: number,
    tell = (of: number, _obstacle: number): void => this.#odd(of, belowNoFolder),
  ): void {
    for (let up = this.#obstacle(folder); up !== rootNode; up = this.#obstacle(this.#paths.parent(up))) {
      tell(entry, up);
      this.#hide(up, "replaced");
    }
  }

  /** The nearest of `node` and the folders above it where something stands that is no folder; the root when there is none. */
  #obstacle(node: number): number {
    for (let up = node; up !== rootNode; up = this.#paths.parent(up)) {
      const entry = this.#visible[up] ?? -1;
      if (entry >= 0) return this.#isFolder(entry) ? rootNode : up;
    }
    return rootNode;
  }

  /** A node with the symlinks in its path followed that its own layer has stored so far. */
  #followed(node: number): number {
    let place = node;
    for (let hops = 0; hops < mostHops; hops++) {
      const link = this.#obstacle(this.#paths.parent(place));
      const target = this.#symlinks.get((this.#visible[link] ?? -1) - this.#base);
      if (link === rootNode || target === undefined) break;
      const names: ByteString[] = [];
      for (let up = place; up !== link; up = this.#paths.parent(up)) names.push(this.#paths.name(up));
      place = this.#target(link, target);
      for (let name = names.pop(); name !== undefined; name = names.pop()) place = this.#paths.child(place, name);
    }
    this.#grow();
    return place;
  }

  /** The node that a symlink leads to. */
  #target(link: number, target: ByteString): number {
    let node = target.startsWith("/") ? rootNode : this.#paths.parent(link);
    for (const name of target.split("/")) {
      if (name === "..") node = this.#paths.parent(node);
      else if (name !== "" && name !== ".") node = this.#paths.child(node, name);
    }
    return node;
  }

  #link(entry: number, target: number): void {
    const found = this.#visible[this.#followed(target)] ?? -1;
    if (found < 0 || found === entry) return this.#odd(entry, "a hard link whose target is not in the image");
    if (this.#isFolder(found)) return this.#odd(entry, "a hard link to a folder: engines refuse it");
    this.#content[entry] = this.#content[found] ?? found;
    if (found < this.#base) this.#odd(entry, "a hard link to a lower layer: engines refuse it or copy the file");
  }

  #isWhiteout(node: number): boolean {
    if (this.#whiteouts.size === 0) return false;
    for (let up = node; up !== rootNode; up = this.#paths.parent(up)) if (this.#whiteouts.has(up)) return true;
    return false;
  }

  #hideBelow(folder: number, fate: Fate): void {
    const pending = [...this.#paths.children(folder)];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      this.#hide(node, fate);
      // One by one: as arguments of one call a hundred thousand would not fit on the stack.
      for (const child of this.#paths.children(node)) pending.push(child);
    }
  }

  #hide(node: number, fate: Fate): void {
    const entry = this.#visible[node] ?? -1;
    if (entry < 0) return;
    this.#fateOf(entry, fate);
    this.#visible[node] = -1;
  }

  #fateOf(entry: number, fate: Fate): void {
    this.#fate[entry] = fateNumber[fate];
    this.#hiddenBy[entry] = this.#layer;
  }

  #isFolder(entry: number): boolean {
    return this.#types[entry] === typeNumber.directory;
  }

  #odd(entry: number, message: string): void {
    if (this.#oddities.length < mostOddities) this.#oddities.push({ entry, message });
  }

  /** Room for the nodes that were added; doubled, since links can add them one by one. */
  #grow(): void {
    if (this.#paths.count <= this.#visible.length) return;
    const visible = new Int32Array(Math.max(this.#paths.count, 2 * this.#visible.length)).fill(-1);
    visible.set(this.#visible);
    this.#visible = visible;
  }
}

function isMarker(type: number): boolean {
  return type === typeNumber.whiteout || type === typeNumber.opaque;
}
