import { entryTypes, type LayerIndex } from "../../model/layer-index.ts";

/** The hard links of one layer, by entry: where each leads within the layer. */
export interface LinkTable {
  /** The entry that a hard link names; -1 for what is no hard link, and for one that leads out of the layer or forward. */
  readonly named: Int32Array;
  /** The entry that carries the content: itself but for a hard link. */
  readonly carrier: Uint32Array;
}

/** Entries of a layer that are one file: those that store its content, and all names in the order of the archive. */
export interface LinkGroup {
  readonly holders: readonly number[];
  readonly entries: readonly number[];
}

/** Resolves the hard links of a layer as extractors do: to what stands at the name before them. */
export function linkTable(layer: LayerIndex): LinkTable {
  const named = new Int32Array(layer.count).fill(-1);
  const carrier = Uint32Array.from({ length: layer.count }, (_, entry) => entry);
  const latest = new Map<number, number>();
  for (let entry = 0; entry < layer.count; entry++) {
    const type = entryTypes[layer.type[entry] ?? 0];
    if (type === "whiteout" || type === "opaque") continue;
    const target = type === "hardlink" ? latest.get(layer.linkNode[entry] ?? 0) : undefined;
    if (target !== undefined) {
      named[entry] = target;
      carrier[entry] = carrier[target] ?? target;
    }
    latest.set(layer.path[entry] ?? 0, entry);
  }
  return { named, carrier };
}

/** Groups of two entries and more, joined further by `joins` (pairs of entries), that hold one of `touched`. */
export function linkGroups(
  table: LinkTable,
  joins: readonly (readonly [number, number])[],
  touched: (entry: number) => boolean,
): readonly LinkGroup[] {
  const rootOf = joined(table, joins);
  const isGroup = new Set(joins.map(([entry]) => rootOf(entry)));
  table.named.forEach((target, entry) => target >= 0 && isGroup.add(rootOf(entry)));
  if (isGroup.size === 0) return [];
  const groups = new Map<number, number[]>();
  for (let entry = 0; entry < table.carrier.length; entry++) {
    const root = rootOf(entry);
    if (!isGroup.has(root)) continue;
    const found = groups.get(root);
    if (found === undefined) groups.set(root, [entry]);
    else found.push(entry);
  }
  return [...groups.values()]
    .filter((entries) => entries.some(touched))
    .map((entries) => ({ entries, holders: entries.filter((entry) => table.carrier[entry] === entry) }));
}

/** Gives for an entry the first of all carriers that were joined to its own. */
function joined(table: LinkTable, joins: readonly (readonly [number, number])[]): (entry: number) => number {
  const roots = new Map<number, number>();
  const rootOf = (entry: number): number => {
    const carrier = table.carrier[entry] ?? entry;
    let root = carrier;
    for (let up = roots.get(root); up !== undefined; up = roots.get(root)) root = up;
    if (root !== carrier) roots.set(carrier, root);
    return root;
  };
  for (const [one, other] of joins) {
    const first = rootOf(one);
    const second = rootOf(other);
    if (first !== second) roots.set(Math.max(first, second), Math.min(first, second));
  }
  return rootOf;
}
