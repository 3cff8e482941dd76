import type { Image } from "../model/image.ts";
import type { DevicePointers, UnprovenPointers } from "../model/device-pointers.ts";
import type { GpuChoice } from "../model/gpu.ts";
import type { LayerIndex } from "../model/layer-index.ts";

/** What every fact is derived from: the image and what the single pass over its layers gave. */
export interface Evidence {
  readonly image: Image;
  /** One for each layer, lowest first. */
  readonly layers: readonly LayerIndex[];
  /** Names of images whose layers, by diffId, may begin this one: `--base`, or what the engine has. */
  readonly knownBases: readonly { readonly name: string; readonly diffIds: readonly string[] }[];
  /** This run's own folder, removed at its end, for a database that can be opened by path alone. */
  readonly temporaryFolder: string;
  /** The GPUs that the image is to run on, when the user said so. */
  readonly gpus?: GpuChoice;
  /** By entry of the `FileTree`: what leads to the device code of a file, or why that can't be told; read when it is to be pruned. */
  readonly devicePointers?: ReadonlyMap<number, DevicePointers | UnprovenPointers>;
}

/** Measured knowledge with a name: derived once for an image, then remembered. */
export interface Fact<T> {
  readonly name: string;
  readonly derive: (facts: Facts) => T;
}

/** Gives facts of one image; each is derived once. */
export interface Facts extends Evidence {
  readonly get: <T>(fact: Fact<T>) => T;
}

/** Declares a fact; the identity function, for its type. */
export function defineFact<T>(name: string, derive: (facts: Facts) => T): Fact<T> {
  return { name, derive };
}

/** The facts of one image. A fact that needs itself is a bug and says so. */
export function createFacts(evidence: Evidence): Facts {
  const known = new Map<Fact<unknown>, unknown>();
  const underway = new Set<Fact<unknown>>();
  const facts: Facts = {
    ...evidence,
    get<T>(fact: Fact<T>): T {
      if (known.has(fact)) return known.get(fact) as T;
      if (underway.has(fact)) throw new Error(`fact ${fact.name} needs itself`);
      underway.add(fact);
      try {
        const value = fact.derive(facts);
        known.set(fact, value);
        return value;
      } finally {
        underway.delete(fact);
      }
    },
  };
  return facts;
}
