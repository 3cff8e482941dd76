import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import type { Attributes } from "../../image/rewrite/change-header.ts";
import { folderHeader, linkHeader, markerHeader } from "../../image/rewrite/entry-span.ts";
import { attributesSource } from "../../image/rewrite/links-at-end.ts";
import { entryTypes } from "../../model/layer-index.ts";
import { rootNode } from "../../model/path-table.ts";
import type { EditedStack } from "./edited-stack.ts";
import type { JoinedLinks } from "./joined-links.ts";
import type { KeptMarkers } from "./kept-markers.ts";

/** The layers that are joined, and where their entries go. */
export interface PlacedJoin {
  readonly stack: EditedStack;
  readonly markers: KeptMarkers;
  readonly links: JoinedLinks;
  /** First entry of the joined layers, and the one behind their last. */
  readonly first: number;
  readonly end: number;
  readonly parts: number;
  /** The part of an entry that is no folder; 0 for markers. */
  readonly partOf: (entry: number) => number;
}

/** What becomes of the entries of joined layers. */
export interface PlacedEntries {
  /** All edits: the planned ones, and those that joining takes. */
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Folders and markers that come right before an entry. */
  readonly before: ReadonlyMap<number, Uint8Array>;
  readonly partOf: Uint8Array;
  /** How many folders are stored in more than one part, and the bytes that it takes. */
  readonly repeated: { readonly folders: number; readonly bytes: number };
}

const remove: EntryEdit = { action: "remove" };
const directory = entryTypes.indexOf("directory");
const whiteout = entryTypes.indexOf("whiteout");
const opaque = entryTypes.indexOf("opaque");

/**
 * Places the entries of joined layers: of each path the one that is seen at the end, in the order of the layers; a folder once in each part
 * that holds something of it, before that (W8), with its final attributes; the markers that hide something below.
 */
export function placeEntries(facts: Facts, planned: ReadonlyMap<number, EntryEdit>, join: PlacedJoin): PlacedEntries {
  return new EntryPlacer(facts, planned, join).place();
}

class EntryPlacer {
  readonly #tree: FileTree;
  readonly #planned: ReadonlyMap<number, EntryEdit>;
  readonly #join: PlacedJoin;
  readonly #edits = new Map<number, EntryEdit>();
  readonly #before = new Map<number, Uint8Array[]>();
  readonly #partOf: Uint8Array;
  /** By part: nodes of folders that it holds already. */
  readonly #held: readonly Set<number>[];
  /** By node of a folder: the part where its own entry stays. */
  readonly #homes: Uint8Array;
  /** Names that come elsewhere, where their content is. */
  readonly #moved: ReadonlySet<number>;
  /** By entry, from the first on: its number in the stack, plus one. */
  readonly #stacked: Uint32Array;

  constructor(facts: Facts, planned: ReadonlyMap<number, EntryEdit>, join: PlacedJoin) {
    this.#tree = facts.get(fileTree);
    this.#planned = planned;
    this.#join = join;
    this.#partOf = new Uint8Array(join.end - join.first);
    this.#held = Array.from({ length: join.parts }, () => new Set<number>());
    this.#stacked = new Uint32Array(join.end - join.first);
    join.stack.sourceOf.forEach((source, number) => (this.#stacked[source - join.first] = number + 1));
    this.#moved = new Set(join.links.comesAt.values());
    this.#homes = this.#homesOfFolders();
  }

  place(): PlacedEntries {
    const { first, end, links } = this.#join;
    for (let entry = first; entry < end; entry++) {
      const head = links.comesAt.get(entry);
      this.#partOf[entry - first] = this.#join.partOf(head ?? entry);
      if (head !== undefined) this.#makeFolders(this.#nodeOf(head), entry);
      this.#placeEntry(entry);
    }
    const before = new Map([...this.#before].map(([entry, blocks]) => [entry, Buffer.concat(blocks)]));
    return { edits: this.#edits, before, partOf: this.#partOf, repeated: this.#repeated() };
  }

  #placeEntry(entry: number): void {
    const edit = this.#planned.get(entry);
    if (edit !== undefined) this.#edits.set(entry, edit);
    const number = (this.#stacked[entry - this.#join.first] ?? 0) - 1;
    if (number < 0) return;
    const { stack, markers } = this.#join;
    const type = stack.types[number];
    const node = this.#nodeOf(entry);
    if (type === directory) return this.#placeFolder(entry, node);
    const isMarker = type === whiteout || type === opaque;
    const stays = isMarker ? markers.stay.has(number) : stack.merged.visible[node] === number;
    if (!stays) this.#edits.set(entry, remove);
    else if (!this.#moved.has(entry)) this.#makeFolders(node, entry, type === opaque);
    if (stays && edit?.action === "link-below") this.#makeLink(entry, edit.to);
  }

  /** What it leads to comes before it: its layer is a lower one. */
  #makeLink(entry: number, to: number): void {
    const tree = this.#tree;
    const attributes = this.#attributes(attributesSource(to, this.#planned));
    const header = linkHeader(tree.path(entry), tree.path(to), attributes);
    this.#before.set(entry, [...(this.#before.get(entry) ?? []), header]);
    this.#edits.set(entry, remove);
  }

  #placeFolder(entry: number, node: number): void {
    const final = this.#finalFolder(node);
    const part = this.#homes[node] ?? 0;
    this.#partOf[entry - this.#join.first] = part;
    if (final === undefined || this.#held[part]?.has(node) === true) {
      this.#edits.set(entry, remove);
      return;
    }
    this.#makeFolders(node, entry);
    if (this.#join.markers.opaque.has(node)) {
      this.#makeFolder(node, entry, part);
      this.#edits.set(entry, remove);
      return;
    }
    this.#held[part]?.add(node);
    if (isSame(this.#attributes(entry), this.#attributes(final))) this.#edits.delete(entry);
    else this.#edits.set(entry, { action: "take-attributes", of: final });
  }

  /** The folders above a node that its part does not hold yet, and for a marker of a folder that one too. */
  #makeFolders(node: number, entry: number, isWithin = false): void {
    const part = this.#partOf[entry - this.#join.first] ?? 0;
    const { paths } = this.#join.stack.merged;
    const missing: number[] = [];
    for (let up = isWithin ? node : paths.parent(node); up !== rootNode; up = paths.parent(up))
      if (this.#held[part]?.has(up) !== true && this.#finalFolder(up) !== undefined) missing.push(up);
    for (const folder of missing.reverse()) this.#makeFolder(folder, entry, part);
  }

  #makeFolder(node: number, entry: number, part: number): void {
    const final = this.#finalFolder(node);
    if (final === undefined) return;
    const path = this.#join.stack.merged.paths.path(node);
    const attributes = this.#attributes(final);
    const blocks = this.#before.get(entry) ?? [];
    blocks.push(folderHeader(path, attributes));
    if (part === 0 && this.#join.markers.opaque.has(node)) blocks.push(markerHeader(`${path}/.wh..wh..opq`, attributes.mtime));
    this.#before.set(entry, blocks);
    this.#held[part]?.add(node);
  }

  /** The entry whose attributes a folder has in the end; undefined for what is no folder, or has no entry. */
  #finalFolder(node: number): number | undefined {
    const { stack } = this.#join;
    const number = stack.merged.visible[node] ?? -1;
    if (number < 0 || stack.types[number] !== directory) return undefined;
    const entry = stack.sourceOf[number];
    const edit = entry === undefined ? undefined : this.#planned.get(entry);
    return edit?.action === "take-attributes" ? edit.of : entry;
  }

  /** The part of what comes first of a folder's content; of one without, that of the folder above. */
  #homesOfFolders(): Uint8Array {
    const { stack, markers, partOf } = this.#join;
    const { paths, nodes, visible } = stack.merged;
    const homes = new Uint8Array(paths.count);
    const isKnown = new Uint8Array(paths.count);
    if (this.#join.parts === 1) return homes;
    for (let number = nodes.length - 1; number >= 0; number--) {
      const node = nodes[number] ?? 0;
      if (stack.types[number] === directory || visible[node] !== number) continue;
      const part = partOf(stack.sourceOf[number] ?? 0);
      for (let up = paths.parent(node); ; up = paths.parent(up)) {
        homes[up] = part;
        isKnown[up] = 1;
        if (up === rootNode) break;
      }
    }
    for (let node = 1; node < paths.count; node++) if (isKnown[node] === 0) homes[node] = homes[paths.parent(node)] ?? 0;
    for (const node of markers.opaque) homes[node] = 0;
    return homes;
  }

  #nodeOf(entry: number): number {
    const number = (this.#stacked[entry - this.#join.first] ?? 0) - 1;
    return this.#join.stack.merged.nodes[number] ?? rootNode;
  }

  #attributes(entry: number): Attributes {
    const tree = this.#tree;
    const [uid = 0, gid = 0] = tree.owner(entry).split(":").map(Number);
    return { mode: tree.mode(entry), uid, gid, mtime: tree.mtime(entry), xattrs: tree.xattrs(entry) };
  }

  #repeated(): PlacedEntries["repeated"] {
    const seen = new Set<number>();
    let folders = 0;
    let bytes = 0;
    for (const held of this.#held) {
      for (const node of held) {
        if (!seen.has(node)) seen.add(node);
        else {
          folders++;
          const final = this.#finalFolder(node);
          if (final !== undefined) bytes += this.#tree.tarBytes(final);
        }
      }
    }
    return { folders, bytes };
  }
}

function isSame(one: Attributes, other: Attributes): boolean {
  if (one.mode !== other.mode || one.uid !== other.uid || one.gid !== other.gid || one.mtime !== other.mtime) return false;
  return one.xattrs.size === other.xattrs.size && [...one.xattrs].every(([name, value]) => other.xattrs.get(name) === value);
}
