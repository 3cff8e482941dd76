import type { ProgressEvent } from "../../index.ts";

/** Shows progress on stderr. After `close` the terminal is as it was, and nothing more is shown. */
export interface ProgressDisplay {
  readonly show: (event: ProgressEvent) => void;
  readonly close: () => void;
}
