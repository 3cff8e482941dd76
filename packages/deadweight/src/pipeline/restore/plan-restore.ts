import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import type { LayerJoin } from "../../image/rewrite/arrangement.ts";
import { folderHeader } from "../../image/rewrite/entry-span.ts";
import { textOf } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";
import { joinedLinks } from "../arrange-layers/joined-links.ts";
import { attributesOf, type Attributes } from "../../facts/visible-attributes.ts";

/** The image that gets paths back, and the one that has them. */
export interface RestorePair {
  readonly into: Facts;
  readonly from: Facts;
}

/** What a layer on top has to bring back. */
export interface RestorePlan {
  /** Visible entries of `from` that the other image has not, or has otherwise. */
  readonly entries: readonly number[];
  /** Their paths, as text. */
  readonly paths: readonly string[];
  /** How the layer is gathered from those of `from`. */
  readonly join: LayerJoin;
  readonly notes: readonly string[];
}

const remove: EntryEdit = { action: "remove" };

/** Plans a layer with the wanted entries that differ. Throws UserError for what can't be put there without hiding other files. */
export function planRestore(pair: RestorePair, wanted: readonly number[]): RestorePlan {
  const tree = pair.from.get(fileTree);
  const entries = differing(pair, wanted);
  for (const entry of entries) checkPlace(pair, entry);
  const layers = [...new Set(entries.map(tree.layerOf))].sort((one, other) => one - other);
  const own = new Set(entries);
  const edits = new Map<number, EntryEdit>();
  const before = new Map<number, Uint8Array>();
  const held = new Set<number>();
  for (const layer of layers) {
    const first = pair.from.layers.slice(0, layer).reduce((sum, { count }) => sum + count, 0);
    const index = pair.from.layers[layer];
    if (index === undefined) continue;
    const { comesAt } = joinedLinks(index, first, new Map(), (entry) => own.has(entry));
    const moved = new Set(comesAt.values());
    for (let entry = first; entry < first + index.count; entry++) {
      if (!own.has(entry)) edits.set(entry, remove);
      const comes = comesAt.get(entry) ?? (own.has(entry) && !moved.has(entry) ? entry : -1);
      const blocks = comes < 0 ? [] : missingFolders(pair, comes, own, held);
      if (blocks.length > 0) before.set(entry, Buffer.concat(blocks));
      if (!own.has(entry) || tree.type(entry) !== "directory") continue;
      if (held.has(tree.nodeOf(entry))) edits.set(entry, remove);
      held.add(tree.nodeOf(entry));
    }
  }
  const join = { layers, parts: 1, compression: "none" as const, edits, before, partOf: new Uint8Array(0), rows: [] };
  return { entries, paths: entries.map((entry) => textOf(tree.path(entry))), join, notes: linkNotes(tree, own) };
}

/** Names of one file are brought back together, so that they are one again. */
function differing({ into, from }: RestorePair, wanted: readonly number[]): readonly number[] {
  const [tree, there] = [from.get(fileTree), into.get(fileTree)];
  const [own, other] = [attributesOf(from), attributesOf(into)];
  const groups = Map.groupBy(wanted, (entry) => tree.contentOf(entry));
  const isSame = (entry: number): boolean => {
    const found = there.find(tree.path(entry));
    return found >= 0 && textOfAll(own(entry)) === textOfAll(other(found));
  };
  return [...groups.values()]
    .filter((names) => {
      const files = new Set(
        names.map((entry) => there.find(tree.path(entry))).map((found) => (found < 0 ? -1 : there.contentOf(found))),
      );
      return files.size > 1 || !names.every(isSame);
    })
    .flat()
    .sort((one, two) => one - two);
}

function textOfAll({ file, content }: Attributes): string {
  return JSON.stringify([file, content]);
}

/** A file in the place of a folder would hide what lies in it, a folder in that of a link what it leads to. */
function checkPlace({ into, from }: RestorePair, entry: number): void {
  const [tree, there] = [from.get(fileTree), into.get(fileTree)];
  const content = tree.contentOf(entry);
  if (tree.layerOf(content) !== tree.layerOf(entry)) throw obstacle(tree, entry, "is a hard link to a file of a lower layer");
  const own = there.paths.find(tree.path(entry));
  if (own >= 0 && tree.type(entry) !== "directory") {
    for (const below of there.within(own))
      if (there.nodeOf(below) !== own) throw obstacle(tree, entry, "would hide a folder with files in it");
  }
  for (let node = tree.paths.parent(tree.nodeOf(entry)); node > 0; node = tree.paths.parent(node)) {
    const found = there.find(tree.paths.path(node));
    if (found >= 0 && there.type(found) !== "directory")
      throw obstacle(tree, entry, `lies below ${JSON.stringify(textOf(there.path(found)))}, which is no folder there`);
  }
}

function obstacle(tree: FileTree, entry: number, why: string): UserError {
  return new UserError("unsupported", `path ${JSON.stringify(textOf(tree.path(entry)))}: can't be brought back: it ${why}`);
}

/** Headers of the folders above an entry that the layer does not hold yet, the outermost first, with the attributes that they have to have. */
function missingFolders(
  { into, from }: RestorePair,
  entry: number,
  own: ReadonlySet<number>,
  held: Set<number>,
): readonly Uint8Array[] {
  const tree = from.get(fileTree);
  const folders: number[] = [];
  for (let node = tree.paths.parent(tree.nodeOf(entry)); node > 0; node = tree.paths.parent(node))
    if (!held.has(node)) folders.push(node);
  return folders.reverse().flatMap((node) => {
    const visible = tree.visible(node);
    const there = into.get(fileTree);
    const found = own.has(visible) ? -1 : there.find(tree.paths.path(node));
    held.add(node);
    const header = found >= 0 ? headerOf(there, found) : visible >= 0 ? headerOf(tree, visible) : undefined;
    return header === undefined ? [] : [header];
  });
}

function headerOf(tree: FileTree, entry: number): Uint8Array {
  const [uid = 0, gid = 0] = tree.owner(entry).split(":").map(Number);
  const [mode, mtime, xattrs] = [tree.mode(entry), tree.mtime(entry), tree.xattrs(entry)];
  return folderHeader(tree.path(entry), { mode, uid, gid, mtime, xattrs });
}

const mostNotes = 10;

/** A link can't lead to a lower layer, so that a name which is not brought back is none of the file any more. */
function linkNotes(tree: FileTree, own: ReadonlySet<number>): readonly string[] {
  const restored = new Set([...own].map((entry) => tree.contentOf(entry)));
  const notes: string[] = [];
  for (const entry of tree.all()) {
    if (own.has(entry) || !restored.has(tree.contentOf(entry)) || notes.length >= mostNotes) continue;
    notes.push(
      `${JSON.stringify(textOf(tree.path(entry)))} was one file with what is brought back, and is a file of its own now: name it too to have them one again`,
    );
  }
  return notes;
}
