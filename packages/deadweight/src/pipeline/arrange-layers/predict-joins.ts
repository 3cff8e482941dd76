import { endOfArchive } from "../../archive/tar-writer.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { fileTree } from "../../facts/file-tree.ts";
import type { LayerJoin } from "../../image/rewrite/arrangement.ts";
import { predictCosts, type Costs } from "../plan-changes/predict.ts";
import { repeatedContent } from "./repeated-content.ts";

const blockSize = 512;
/** About what a block of a header takes of a compressed layer. */
const compressedBlockBytes = 60;
/** A compressor's frame, with the end of the archive in it. */
const emptyLayerBytes = 40;

/** All layers together, once they are edited and joined, and compressed as they are now. */
export function predictJoins(facts: Facts, planned: ReadonlyMap<number, EntryEdit>, joins: readonly LayerJoin[]): Costs {
  const tree = facts.get(fileTree);
  const edits = new Map([...planned, ...joins.flatMap((join) => [...join.edits])]);
  const joined = new Set(joins.flatMap(({ layers }) => layers));
  let tarBytes = 0;
  let compressedBytes = 0;
  for (const [number, layer] of facts.layers.entries()) {
    const isJoined = joined.has(number);
    tarBytes += isJoined ? (layer.starts[layer.count] ?? 0) : layer.tarBytes;
    compressedBytes += isJoined ? (layer.compressedStarts[layer.count] ?? 0) : layer.compressedBytes;
  }
  for (const [entry, cost] of predictCosts(facts, edits)) {
    tarBytes += cost.tarBytes - tree.tarBytes(entry);
    compressedBytes += cost.compressedBytes - tree.compressedBytes(entry);
  }
  for (const join of joins) {
    const { parts, before, compression } = join;
    compressedBytes += repeatedContent(facts, join);
    const end = endOfArchive().length;
    tarBytes += parts * end;
    compressedBytes += parts * (compression === "none" ? end : emptyLayerBytes);
    for (const { length } of before.values()) {
      tarBytes += length;
      compressedBytes += compression === "none" ? length : (length / blockSize) * compressedBlockBytes;
    }
  }
  return { tarBytes, compressedBytes: Math.round(compressedBytes) };
}
