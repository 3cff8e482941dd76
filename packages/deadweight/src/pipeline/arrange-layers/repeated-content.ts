import type { Facts } from "../../contracts/fact.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { LayerJoin } from "../../image/rewrite/arrangement.ts";

/** How far back zstd looks here, as most writers of layers have it look. */
const windowBytes = 8 * 1024 * 1024;

/** Where content was last stored in a stream, and what it took there. */
interface Earlier {
  readonly place: number;
  readonly compressedBytes: number;
}

type Stream = { place: number; readonly content: Map<ByteString, Earlier> };

/**
 * What equal content changes of compressed bytes when layers are joined: zstd stores it once where the copies stand near each other, so
 * that it takes less in one layer than in two, and more in two parts than in one.
 */
export function repeatedContent(facts: Facts, { layers, edits, partOf, compression }: LayerJoin): number {
  if (compression !== "zstd") return 0;
  const tree = facts.get(fileTree);
  const [first = 0] = layers;
  const base = facts.layers.slice(0, first).reduce((sum, { count }) => sum + count, 0);
  const [before, after] = [new Map<number, Stream>(), new Map<number, Stream>()];
  const isGone = (entry: number): boolean => edits.get(entry)?.action === "remove";
  const carried = new Set<number>();
  for (let entry = base; entry < base + partOf.length; entry++) if (!isGone(entry)) carried.add(tree.contentOf(entry));
  let change = 0;
  for (let entry = base; entry < base + partOf.length; entry++) {
    const layer = tree.layerOf(entry);
    const own = store(tree, streamOf(before, layer), entry, tree.compressedBytes(entry));
    // A hard link that stays has the content of the name that goes.
    if (!carried.has(entry)) continue;
    const cost = own === undefined ? tree.compressedBytes(entry) : own.compressedBytes;
    const found = store(tree, streamOf(after, partOf[entry - base] ?? 0), entry, cost);
    if (own === undefined && found !== undefined) change -= cost;
    if (own !== undefined && found === undefined) change += cost;
  }
  return change;
}

function streamOf(streams: Map<number, Stream>, number: number): Stream {
  const known = streams.get(number) ?? { place: 0, content: new Map<ByteString, Earlier>() };
  streams.set(number, known);
  return known;
}

/** Puts an entry at the end of a stream; gives where its content is near before it. */
function store(tree: FileTree, stream: Stream, entry: number, compressedBytes: number): Earlier | undefined {
  const start = stream.place;
  stream.place += tree.tarBytes(entry);
  const hash = tree.hash(entry);
  if (hash === "" || tree.size(entry) < 4096) return undefined;
  const earlier = stream.content.get(hash);
  const isNear = earlier !== undefined && start - earlier.place <= windowBytes;
  const cost = isNear ? earlier.compressedBytes : compressedBytes;
  stream.content.set(hash, { place: start, compressedBytes: cost });
  return isNear ? earlier : undefined;
}
