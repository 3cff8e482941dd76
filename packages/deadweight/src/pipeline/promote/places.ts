import type { RegistryTags } from "../../stores/registry/registry-tags.ts";
import { type ImageNames, openEngine } from "../build/open-engine.ts";
import type { PromotionOptions } from "./find-record.ts";
import { openTags } from "./registry-tag.ts";

/** Where names of images are moved, as far as any are. */
export interface Places {
  readonly names?: ImageNames;
  readonly tags?: RegistryTags;
}

/** What says which places they are. */
export interface AskedPlaces {
  readonly image?: { readonly engine: string };
  readonly registry?: { readonly reference: string };
}

/** Connects to the engine and to the registry where names of them are moved. Throws UserError. */
export async function withPlaces<T>(
  { image, registry }: AskedPlaces,
  options: PromotionOptions,
  use: (places: Places) => Promise<T>,
): Promise<T> {
  const names = image === undefined ? undefined : await openEngine(image.engine, options);
  try {
    const tags = registry === undefined ? undefined : await openTags(registry.reference, options);
    try {
      return await use({ ...(names === undefined ? {} : { names }), ...(tags === undefined ? {} : { tags }) });
    } finally {
      await tags?.close();
    }
  } finally {
    await names?.engine.close();
  }
}
