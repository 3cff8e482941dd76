import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { entryTypes, type LayerIndex } from "../model/layer-index.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/**
 * Layers that container runtimes and other tools take differently, each with the first reason. What a container sees of them is
 * not known for sure, so they are better not edited, nor the lower layers that the difference is about.
 */
export const fragileLayers: Fact<ReadonlyMap<number, string>> = defineFact("fragile-layers", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const reasons = new Map<number, string>();
  const note = (layer: number, reason: string): void => {
    if (!reasons.has(layer)) reasons.set(layer, reason);
  };
  for (const [layer, index] of facts.layers.entries()) {
    const odd = oddityOf(index);
    if (odd !== undefined) note(layer, odd);
    if (storesMarkerAndContent(index)) note(layer, "it stores a whiteout and, at the same path, content");
  }
  for (const { entry, message } of tree.oddities) {
    for (const layer of layersConcerned(tree, entry)) note(layer, `an entry ${message}`);
  }
  for (let entry = 0; entry < tree.entryCount; entry++) {
    if (tree.fate(entry) === "repeated") note(tree.layerOf(entry), "it stores a path twice");
    const under = tree.fate(entry) === "marker" ? noFolderAbove(tree, entry) : undefined;
    if (under === undefined) continue;
    for (const other of [entry, under]) note(tree.layerOf(other), "a whiteout lies below what is no folder");
  }
  return reasons;
});

const whiteout = entryTypes.indexOf("whiteout");

/** Oddities that make no difference to what a container sees. */
const harmless = /^(?:has an absolute name|was not looked into)/;

/** Beyond this many the scanner tells no more. */
const mostOddities = 1000;

function oddityOf({ oddities }: LayerIndex): string | undefined {
  const odd = oddities.find(({ message }) => !harmless.test(message));
  if (odd !== undefined) return `an entry ${odd.message}`;
  return oddities.length >= mostOddities ? "it has too many oddities to tell" : undefined;
}

/** Engines refuse `.wh.x` beside `x` or `x/y`, or go by the order in the archive. */
function storesMarkerAndContent(index: LayerIndex): boolean {
  const tree = index.paths;
  const hidden = new Set<number>();
  for (let entry = 0; entry < index.count; entry++) if (index.type[entry] === whiteout) hidden.add(index.path[entry] ?? 0);
  if (hidden.size === 0) return false;
  for (let entry = 0; entry < index.count; entry++) {
    const own = index.path[entry] ?? 0;
    const isMarker = index.type[entry] === whiteout;
    for (let node = isMarker ? tree.parent(own) : own; node > 0; node = tree.parent(node)) if (hidden.has(node)) return true;
  }
  return false;
}

/** What a marker's layer, or one below, stores where its folder has to be, and no folder after it. */
function noFolderAbove(tree: FileTree, marker: number): number | undefined {
  const own = tree.nodeOf(marker);
  for (let node = tree.type(marker) === "opaque" ? own : tree.paths.parent(own); node > 0; node = tree.paths.parent(node)) {
    const below = tree.stored(node).filter((entry) => tree.layerOf(entry) <= tree.layerOf(marker));
    const last = below.findLast((entry) => tree.type(entry) !== "opaque");
    if (last !== undefined && tree.type(last) !== "directory" && tree.type(last) !== "whiteout") return last;
  }
  return undefined;
}

/** The entry's own layer, the one that its content is in, and those with a link or a file where it wants a folder. */
function layersConcerned(tree: FileTree, entry: number): readonly number[] {
  const layers = [tree.layerOf(entry), tree.layerOf(tree.contentOf(entry))];
  for (let node = tree.paths.parent(tree.nodeOf(entry)); node > 0; node = tree.paths.parent(node)) {
    for (const other of tree.stored(node)) {
      if (tree.type(other) !== "directory" && tree.fate(other) !== "marker") layers.push(tree.layerOf(other));
    }
  }
  return layers;
}
