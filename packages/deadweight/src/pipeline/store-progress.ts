import type { OpenOptions } from "../contracts/store.ts";
import type { ProgressEvent } from "../model/progress.ts";

/** Turns what a store says of its progress, bytes by label, into steps with a beginning and an end. */
export interface StoreProgress {
  readonly tell: NonNullable<OpenOptions["onProgress"]>;
  /** Ends the steps that are under way: the store has opened the image, or has failed. */
  readonly end: () => void;
}

/** Steps are named by their labels. */
export function createStoreProgress(onProgress: (event: ProgressEvent) => void): StoreProgress {
  const underway = new Set<string>();
  return {
    tell: (label, done, total) => {
      const known = total === undefined ? {} : { total };
      if (!underway.has(label)) onProgress({ kind: "start", id: label, label, ...known });
      underway.add(label);
      onProgress({ kind: "advance", id: label, done, ...known });
    },
    end: () => {
      for (const id of underway) onProgress({ kind: "end", id });
      underway.clear();
    },
  };
}
