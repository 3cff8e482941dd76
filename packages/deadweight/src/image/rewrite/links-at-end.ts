import { blockSize } from "../../archive/tar-header.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { attributesOf, folderHeader, linkHeader, pathOf } from "./entry-span.ts";
import type { LayerCut } from "./layer-cut.ts";

/** An entry of the image in its layer. */
export interface PlacedEntry {
  readonly layer: LayerIndex;
  readonly number: number;
  /** The layer's first entry. */
  readonly first: number;
  readonly place: number;
}

/** Entries of higher layers that become hard links of files of a layer. */
export interface LinksBelow {
  readonly links: readonly (readonly [entry: number, edit: EntryEdit & { readonly action: "link-below" }])[];
  readonly edits: ReadonlyMap<number, EntryEdit>;
  readonly placed: (entry: number) => PlacedEntry;
}

/** The links behind all else of the layer, so behind what they lead to (W4), each folder once before what lies in it (W8). */
export function linksAtEnd(layer: LayerIndex, { links, edits, placed }: LinksBelow): readonly LayerCut[] {
  if (links.length === 0) return [];
  const end = layer.starts[layer.count] ?? 0;
  // The padding behind the last content may be missing.
  const blocks: Uint8Array[] = [new Uint8Array((blockSize - (end % blockSize)) % blockSize)];
  const held = new Set<ByteString>();
  for (const [entry, { to, folders }] of links) {
    for (const folder of folders) {
      const { layer: from, place } = placed(folder);
      const path = pathOf(from, place);
      if (!held.has(path)) blocks.push(folderHeader(path, attributesOf(from, place)));
      held.add(path);
    }
    blocks.push(linkBelow(entry, { to, edits, placed }));
  }
  return [{ start: end, end, before: Buffer.concat(blocks) }];
}

/** The header blocks of a link, with the attributes that the file will have. */
export function linkBelow(
  entry: number,
  { to, edits, placed }: Pick<LinksBelow, "edits" | "placed"> & { readonly to: number },
): Uint8Array {
  const [link, file] = [placed(entry), placed(to)];
  const attributes = placed(attributesSource(to, edits));
  return linkHeader(
    pathOf(link.layer, link.place),
    pathOf(file.layer, file.place),
    attributesOf(attributes.layer, attributes.place),
  );
}

/** The entry whose attributes a file has after its edit. */
export function attributesSource(entry: number, edits: ReadonlyMap<number, EntryEdit>): number {
  const edit = edits.get(entry);
  const isTaking = edit?.action === "take-attributes" || edit?.action === "cut-content";
  return isTaking && edit.of !== undefined ? edit.of : entry;
}
