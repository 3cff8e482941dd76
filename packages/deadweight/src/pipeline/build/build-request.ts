import type { BuildSettings } from "./build-side.ts";
import type { ProposeEdits } from "./edit-plan.ts";
import type { Verifying } from "./try-candidates.ts";

export interface BuildOptions extends Verifying {
  readonly settings: BuildSettings;
  /** The Dockerfile; that of the context when absent. */
  readonly file?: string;
  /** The name that is to be the smaller image's one day; what is built is kept beside it. */
  readonly tag?: string;
  /** A Dockerfile to be tried, in the place of edits that are worked out. */
  readonly candidate?: string;
  /** Where edits come from; none are made when absent. */
  readonly propose?: ProposeEdits;
  /** Builds beside that of the original, at most. */
  readonly mostBuilds: number;
  /** What the record is called: a service's name; the Dockerfile's when absent. */
  readonly record?: string;
  /** The folder that gets `.deadweight`; the Dockerfile's own when absent. */
  readonly recordFolder?: string;
}
