import type { EntryEdit } from "../../contracts/transform.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import type { Attributes } from "./change-header.ts";
import { attributesOf } from "./entry-span.ts";
import type { LayerCut } from "./layer-cut.ts";
import { linksAtEnd, type PlacedEntry } from "./links-at-end.ts";

/** Edits of each layer. */
export interface EditsByLayer {
  readonly edits: readonly ReadonlyMap<number, EntryEdit>[];
  /** By layer: what comes to its end, from higher layers. */
  readonly additions: readonly (readonly LayerCut[])[];
  readonly attributesOf: (entry: number) => Attributes;
}

/** Edits by layer and place in it; where a hard link leads to, too. Throws RangeError for entries that are none. */
export function editsByLayer(layers: readonly LayerIndex[], edits: ReadonlyMap<number, EntryEdit>): EditsByLayer {
  const placed = placesIn(layers);
  const perLayer = layers.map(() => new Map<number, EntryEdit>());
  const below: [entry: number, edit: EntryEdit & { readonly action: "link-below" }][] = [];
  for (const [entry, edit] of edits) {
    const { number, first, place } = placed(entry);
    if (edit.action === "link-below") {
      if (!(placed(edit.to).number < number)) throw new RangeError(`link of entry ${entry} to ${edit.to}: in no lower layer`);
      below.push([entry, edit]);
    }
    perLayer[number]?.set(place, localEdit(edit, first));
  }
  const moved = Map.groupBy(below, ([, { to }]) => placed(to).number);
  return {
    edits: perLayer,
    additions: layers.map((layer, number) => linksAtEnd(layer, { links: moved.get(number) ?? [], edits, placed })),
    attributesOf: (entry) => {
      const { layer, place } = placed(entry);
      return attributesOf(layer, place);
    },
  };
}

function localEdit(edit: EntryEdit, first: number): EntryEdit {
  if (edit.action === "link-below") return { action: "remove" };
  return edit.action === "link" ? { ...edit, to: edit.to - first } : edit;
}

function placesIn(layers: readonly LayerIndex[]): (entry: number) => PlacedEntry {
  let count = 0;
  const firsts = layers.map((layer) => (count += layer.count) - layer.count);
  return (entry) => {
    const number = firsts.findLastIndex((first, at) => first <= entry && entry - first < (layers[at]?.count ?? 0));
    const [layer, first = 0] = [layers[number], firsts[number]];
    if (!Number.isInteger(entry) || layer === undefined) throw new RangeError(`no entry ${entry} of ${count}`);
    return { layer, number, first, place: entry - first };
  };
}
