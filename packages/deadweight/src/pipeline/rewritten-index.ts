import { createHash } from "node:crypto";
import type { Outgoing } from "../contracts/store.ts";
import { parseManifest } from "../image/manifest.ts";
import type { ImageIndex } from "../image/image-index.ts";
import { type NewManifest, rewriteIndex } from "../image/rewrite/rewrite-index.ts";
import type { Digest } from "../model/digest.ts";

/** An index that is written, with those that it leads to. */
export interface RewrittenIndex {
  readonly root: Required<Outgoing>["index"];
  /** The innermost first. */
  readonly inner: Required<Outgoing>["innerIndexes"];
}

/** The index with other manifests in it and in the indexes below; one that holds nothing then goes with them. */
export function rewrittenIndex(index: ImageIndex, changes: ReadonlyMap<Digest, NewManifest | undefined>): RewrittenIndex {
  const all = new Map(changes);
  const inner: RewrittenIndex["root"][] = [];
  for (const { descriptor, leadsTo } of index.items) {
    if (leadsTo.kind !== "index") continue;
    const below = rewrittenIndex(leadsTo, changes);
    const isEmpty = leadsTo.items.length > 0 && isWithoutManifests(below.root.bytes);
    const isSame = below.root.bytes === leadsTo.bytes;
    if (isEmpty) all.set(descriptor.digest, undefined);
    else if (!isSame) all.set(descriptor.digest, below.root.descriptor);
    if (!isEmpty) inner.push(...below.inner, isSame ? { descriptor, bytes: leadsTo.bytes } : below.root);
  }
  return { root: describedIndex(rewriteIndex(index.bytes, all), index.mediaType), inner };
}

function isWithoutManifests(bytes: Uint8Array): boolean {
  const parsed = parseManifest(bytes, undefined);
  return parsed.kind === "index" && parsed.manifests.length === 0;
}

function describedIndex(bytes: Uint8Array, usualType: string): RewrittenIndex["root"] {
  const parsed = parseManifest(bytes, undefined);
  const mediaType = (parsed.kind === "index" ? parsed.mediaType : undefined) ?? usualType;
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}
