import type { OpenOptions } from "../../contracts/store.ts";

const progressStep = 4 * 1024 * 1024;

/** Counts bytes that are written and tells how far it is, at most every 4 MiB. */
export interface WrittenCount {
  readonly add: (bytes: number) => void;
  /** All is written. */
  readonly end: () => void;
}

/** Tells first that nothing is written yet. What is told never goes back and never passes the total. */
export function countWritten(label: string, total: number, onProgress: OpenOptions["onProgress"]): WrittenCount {
  let done = 0;
  let told = 0;
  const tell = (bytes: number): void => {
    told = bytes;
    onProgress?.(label, bytes, total);
  };
  tell(0);
  return {
    add: (bytes) => {
      done = Math.min(done + bytes, total);
      if (done - told >= progressStep) tell(done);
    },
    end: () => tell(total),
  };
}
