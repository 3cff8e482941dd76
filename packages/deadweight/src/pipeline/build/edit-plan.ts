import type { BuildDifferences } from "../../contracts/edit.ts";
import type { Basis } from "../../model/report.ts";

/** A change to a Dockerfile that can be made or left, whatever becomes of the others. */
export interface PlannedEdit {
  /** Its kind: `pip-no-cache`. */
  readonly edit: string;
  /** Where it is in the original, counted from 1. */
  readonly line: number;
  readonly message: string;
  readonly predictedBytes: number;
  readonly basis: Basis;
  /** In what the next build may differ beside paths that it won't have. */
  readonly differences: readonly BuildDifferences[];
}

/** All changes that are proposed for a Dockerfile. */
export interface EditPlan {
  readonly edits: readonly PlannedEdit[];
  /** The Dockerfile with some of them made. */
  readonly textWith: (edits: readonly PlannedEdit[]) => string;
  /** What some of them save together: no byte is counted twice. */
  readonly bytesOf: (edits: readonly PlannedEdit[]) => number;
  /** Paths of files, as texts without leading slash, that the next build won't have when some are made. */
  readonly removedBy: (edits: readonly PlannedEdit[]) => readonly string[];
}

/** A Dockerfile that was built. */
export interface BuiltOnce {
  readonly path: string;
  /** The image that it gave: `docker:sha256:…`. */
  readonly image: string;
  readonly context: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Looks at a Dockerfile and the image that it gave. */
export type ProposeEdits = (asked: BuiltOnce) => Promise<EditPlan>;
