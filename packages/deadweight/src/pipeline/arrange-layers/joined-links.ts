import type { EntryEdit } from "../../contracts/transform.ts";
import { linkGroups, linkTable } from "../../image/rewrite/link-groups.ts";
import type { LayerIndex } from "../../model/layer-index.ts";

/** Names of one layer that are one file, by numbers of the file tree. */
export interface JoinedLinks {
  /** By a name that stays, and by the place of its content: the first name that stays. */
  readonly headOf: ReadonlyMap<number, number>;
  /** By the place of content whose own name goes: the name that comes there, and nowhere else. */
  readonly comesAt: ReadonlyMap<number, number>;
}

/** What becomes of a layer's hard links, as the writer of layers does it. `first` is the layer's first entry. */
export function joinedLinks(
  layer: LayerIndex,
  first: number,
  edits: ReadonlyMap<number, EntryEdit>,
  stays: (entry: number) => boolean,
): JoinedLinks {
  const table = linkTable(layer);
  const joins: [number, number][] = [];
  for (let place = 0; place < layer.count; place++) {
    const edit = edits.get(first + place);
    if (edit?.action === "link") joins.push([place, edit.to - first]);
  }
  // A link that gets content of its own is a file of its own; what becomes a link of a lower layer's file is one of its names.
  const leaves = (place: number): boolean => {
    const action = edits.get(first + place)?.action;
    return action === "link-below" || ((table.named[place] ?? -1) >= 0 && action === "rewrite");
  };
  const headOf = new Map<number, number>();
  const comesAt = new Map<number, number>();
  for (const { entries, holders } of linkGroups(table, joins, () => true)) {
    const members = entries.filter((place) => stays(first + place) && !leaves(place));
    const [head] = members;
    const [holder] = holders;
    if (head === undefined || holder === undefined) continue;
    for (const member of members) headOf.set(first + member, first + head);
    if (holders.includes(head)) continue;
    headOf.set(first + holder, first + head);
    comesAt.set(first + holder, first + head);
  }
  return { headOf, comesAt };
}
