import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { mergeLayers, type MergedLayers } from "../../image/merge.ts";
import { entryTypes, type LayerIndex } from "../../model/layer-index.ts";

/** Some neighbouring layers of an image as they are after edits, stacked alone. */
export interface EditedStack {
  /** Entries that go are none of it, hidden ones are whiteouts. */
  readonly merged: MergedLayers;
  /** By its entries: their numbers in the file tree. */
  readonly sourceOf: Uint32Array;
  readonly types: Uint8Array;
}

const whiteout = entryTypes.indexOf("whiteout");
const hardlink = entryTypes.indexOf("hardlink");

/** Stacks the layers from `first` up to `end` with their edits. */
export function editedStack(
  { layers }: Pick<Facts, "layers">,
  { first, end }: { readonly first: number; readonly end: number },
  edits: ReadonlyMap<number, EntryEdit>,
): EditedStack {
  let entry = layers.slice(0, first).reduce((sum, { count }) => sum + count, 0);
  const sources: number[] = [];
  const edited = layers.slice(first, end).map((layer) => {
    const places = Array.from({ length: layer.count }, (_, place) => place).filter(
      (place) => edits.get(entry + place)?.action !== "remove",
    );
    const base = entry;
    for (const place of places) sources.push(base + place);
    entry += layer.count;
    return columnsAt(layer, places, (place) => edits.get(base + place)?.action);
  });
  const types = new Uint8Array(sources.length);
  edited.reduce((place, { type }) => {
    types.set(type, place);
    return place + type.length;
  }, 0);
  return { merged: mergeLayers(edited), sourceOf: Uint32Array.from(sources), types };
}

/** A layer with some entries alone; of its columns those that stacking reads, the others are not for use. */
function columnsAt(
  layer: LayerIndex,
  places: readonly number[],
  actionOf: (place: number) => EntryEdit["action"] | undefined,
): LayerIndex {
  const typeOf = (place: number): number => {
    const action = actionOf(place);
    return action === "hide" ? whiteout : action === "link" || action === "link-below" ? hardlink : (layer.type[place] ?? 0);
  };
  return {
    ...layer,
    count: places.length,
    path: Uint32Array.from(places, (place) => layer.path[place] ?? 0),
    type: Uint8Array.from(places, typeOf),
    linkNode: Uint32Array.from(places, (place) => layer.linkNode[place] ?? 0),
    symlinks: new Map(
      places.flatMap((place, now): [number, string][] => {
        const target = layer.symlinks.get(place);
        return target === undefined ? [] : [[now, target]];
      }),
    ),
  };
}
