import type { LayerCache } from "../image/layer-cache.ts";
import type { Digest } from "../model/digest.ts";
import type { Image } from "../model/image.ts";
import type { LayerIndex } from "../model/layer-index.ts";

/** Layers of several images that are read one after the other: what is in more than one of them is read once. */
export interface SharedLayers extends LayerCache {
  /** Says that an image has been read: what no later one needs is let go. */
  readonly release: (image: Image) => void;
}

/** Holds the indexes that a later image needs, beside what a cache knows. */
export function sharedLayers(images: readonly Image[], cache: LayerCache | undefined): SharedLayers {
  const uses = new Map<Digest, number>();
  const held = new Map<Digest, LayerIndex>();
  for (const image of images) for (const digest of digestsOf(image)) uses.set(digest, (uses.get(digest) ?? 0) + 1);
  const hold = (key: string, index: LayerIndex | undefined): LayerIndex | undefined => {
    if (index !== undefined && (uses.get(key) ?? 0) > 1) held.set(key, index);
    return index;
  };
  return {
    get: (key, spoolFolder) => held.get(key) ?? hold(key, cache?.get(key, spoolFolder)),
    put: (key, index) => {
      hold(key, index);
      cache?.put(key, index);
    },
    release: (image) => {
      for (const digest of digestsOf(image)) {
        const left = (uses.get(digest) ?? 0) - 1;
        uses.set(digest, left);
        if (left < 1) held.delete(digest);
      }
    },
    close: () => held.clear(),
  };
}

function digestsOf({ layers }: Image): ReadonlySet<Digest> {
  return new Set(layers.flatMap(({ digest }) => digest ?? []));
}
