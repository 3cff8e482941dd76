import type { EntryEdit } from "../../contracts/transform.ts";
import type { LayerIndex } from "../../model/layer-index.ts";

/** Layers whose entries are stored anew, in one layer or in several parts. Entries are numbers of the file tree. */
export interface LayerJoin {
  /** Places of the layers, lowest first. */
  readonly layers: readonly number[];
  readonly parts: number;
  readonly compression: LayerIndex["compression"];
  /** All edits of these layers, those included that joining them takes. */
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Blocks that come right before an entry, in its part. */
  readonly before: ReadonlyMap<number, Uint8Array>;
  /** The part of each entry, from the first entry of the lowest of these layers up to the last of the highest. */
  readonly partOf: Uint8Array;
  /** The history row of each part. */
  readonly rows: readonly JoinedRow[];
}

/** What the history says of a layer that was made of others. */
export interface JoinedRow {
  readonly createdBy: string;
  readonly comment?: string;
}

/** A layer of the result: one of the source, with its edits, or a part of joined ones. */
export type ArrangedLayer =
  | { readonly kind: "kept"; readonly layer: number }
  | { readonly kind: "part"; readonly join: number; readonly part: number };

/** The layers of the result, lowest first. */
export interface Arrangement {
  readonly layers: readonly ArrangedLayer[];
  readonly joins: readonly LayerJoin[];
}
