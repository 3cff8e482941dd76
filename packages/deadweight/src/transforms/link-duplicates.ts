import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { namesByContent } from "../facts/names-by-content.ts";
import { copiesOfContent } from "../facts/same-content.ts";
import { type ByteString, textOf } from "../lib/byte-string.ts";
import { lowerPlaces } from "./link-duplicates/lower-places.ts";

/** Makes equal files hard links of the first in the lowest layer; those of higher layers come to lie there. */
export const linkDuplicates: Transform = defineTransform({
  name: "link-duplicates",
  title: "Make equal files hard links in the lowest layer that has one",
  safety: "verified",
  order: 50,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const linker = { tree, context, names: namesByContent(tree), placeIn: lowerPlaces(tree, context) };
    return copiesOfContent(tree, (entry) => shownInstead(tree, context, entry)).flatMap((group) =>
      linksOf(
        linker,
        group.flatMap(({ content }) => (isLeftAlone(linker, content) ? [] : [content])),
      ),
    );
  },
});

/** What links are planned with. */
interface Linker {
  readonly tree: FileTree;
  readonly context: PlanContext;
  /** All names of a file that has several, by the entry with its content. */
  readonly names: ReadonlyMap<number, readonly number[]>;
  readonly placeIn: ReturnType<typeof lowerPlaces>;
}

/** What earlier transforms let a container see in the place of an entry, if they do. */
function shownInstead(tree: FileTree, { isRemoved, isUncovered }: PlanContext, entry: number): number {
  return isRemoved(entry) ? (tree.stored(tree.nodeOf(entry)).find(isUncovered) ?? entry) : entry;
}

/** What is to go as soon as nothing is in the way is no other file's content: a link to it would be in the way. */
function isTemporary(path: ByteString): boolean {
  return /^(?:var\/)?tmp\//.test(path);
}

/** A cache's file stays while another name needs its content: as a link it would be removed by the next run. */
function isLeftAlone({ tree, names }: Linker, content: number): boolean {
  const path = tree.path(content);
  const isCached = /(?:^|\/)(?:\.cache|\.npm|pkgs)\/|^var\/(?:cache|log|backups|lib\/apt\/lists)\//.test(path);
  return isTemporary(path) || (isCached && names.has(content));
}

/** Copies that no container shows are left alone: they are to go, not to be linked. */
function linksOf(linker: Linker, copies: readonly number[]): PlannedEdit[] {
  const { tree, context } = linker;
  const free = copies.filter((entry) => context.mayEdit(tree.layerOf(entry)) && isShown(linker, entry));
  return [...Map.groupBy(free, (entry) => attributesOf(linker, entry)).values()].flatMap((equal) => linksAmong(linker, equal));
}

/** From the lowest layer up: what can't come to lie in a lower layer is linked within its own. */
function linksAmong(linker: Linker, equal: readonly number[]): PlannedEdit[] {
  const edits: PlannedEdit[] = [];
  const lower: number[] = [];
  const sorted = equal.toSorted((one, other) => one - other);
  for (const copies of Map.groupBy(sorted, linker.tree.layerOf).values()) {
    const staying = copies.filter((copy) => {
      const moved = linksBelow(linker, copy, lower);
      edits.push(...moved);
      return moved.length === 0;
    });
    edits.push(...linksToFirst(linker, staying));
    lower.push(...staying.slice(0, 1));
  }
  return edits;
}

/** A file goes with all its names, or not at all. */
function linksBelow(linker: Linker, copy: number, lower: readonly number[]): PlannedEdit[] {
  const { tree, context, placeIn } = linker;
  const names = (linker.names.get(copy) ?? [copy]).filter((name) => !context.isRemoved(name));
  const isFree = (name: number): boolean =>
    isShown(linker, name) &&
    !context.isKept(tree.path(name)) &&
    !isTemporary(tree.path(name)) &&
    attributesOf(linker, name) === attributesOf(linker, copy);
  // A header that is written anew has not all digits of a time.
  if (!names.every(isFree) || !Number.isInteger(tree.mtime(attributesSource(linker, copy)))) return [];
  for (const to of lower) {
    const edits = names.flatMap((entry): PlannedEdit[] => {
      const folders = placeIn(entry, tree.layerOf(to));
      const reason = `duplicate-files: the same content, owner, mode and time as /${textOf(tree.path(to))} of layer ${tree.layerOf(to)}, where it comes`;
      return folders === undefined ? [] : [{ entry, edit: { action: "link-below", to, folders }, reason }];
    });
    if (edits.length === names.length) return edits;
  }
  return [];
}

/** A file gets the attributes of its names: where one of them takes some, the one that the others lead to says the same. */
function linksToFirst(linker: Linker, equal: readonly number[]): PlannedEdit[] {
  const { tree, context } = linker;
  const [first, ...rest] = equal;
  if (first === undefined) return [];
  const takes = (entry: number): boolean => context.editOf(entry)?.action === "take-attributes";
  const isFixed = context.isKept(tree.path(first));
  const others = rest.filter((entry) => !context.isKept(tree.path(entry)) && !(isFixed && takes(entry)));
  const reason = `duplicate-files: the same content, owner, mode and time as /${textOf(tree.path(first))}`;
  const links = others.map((entry): PlannedEdit => ({ entry, edit: { action: "link", to: first }, reason }));
  const left = isFixed ? linksToFirst(linker, rest.filter(takes)) : [];
  if (takes(first) || !others.some(takes)) return [...links, ...left];
  return [
    { entry: first, edit: { action: "take-attributes", of: first }, reason: "duplicate-files: others become links of it" },
    ...links,
  ];
}

/** Seen as it is stored, or once a copy above it has gone, with the attributes of that one. */
function isShown({ tree, context }: Linker, entry: number): boolean {
  const edit = context.editOf(entry);
  if (context.isUncovered(entry)) return edit === undefined || edit.action === "take-attributes";
  return edit === undefined && tree.fate(entry) === "visible";
}

/** The entry whose attributes another will have. */
function attributesSource({ context }: Linker, entry: number): number {
  const edit = context.editOf(entry);
  return edit?.action === "take-attributes" ? edit.of : entry;
}

/** Everything that names of one file share, once it is edited. */
function attributesOf(linker: Linker, entry: number): string {
  const { tree } = linker;
  const source = attributesSource(linker, entry);
  const xattrs = [...tree.xattrs(source)].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([tree.owner(source), tree.mode(source), tree.mtime(source), xattrs]);
}
