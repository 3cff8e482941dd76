import type { Build } from "./build.ts";
import type { Basis } from "./report.ts";
import type { Verification } from "./verification.ts";

/** A Dockerfile and the image that it gave. */
export interface BuiltDockerfile {
  /** Absolute. */
  readonly path: string;
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
  readonly image: Build;
  /** The name under which the engine keeps the image. */
  readonly tag: string;
}

/** What became of a change that was proposed. */
export interface EditOutcome {
  /** Kind of the edit: `pip-no-cache`. */
  readonly edit: string;
  /** Where it is in the original Dockerfile. */
  readonly line: number;
  readonly message: string;
  readonly predictedBytes: number;
  readonly basis: Basis;
  readonly status: "kept" | "dropped";
  /** Why it was dropped. */
  readonly reason?: string;
}

/** The smaller Dockerfile, and what it was to save. */
export interface BuiltCandidate extends BuiltDockerfile {
  /** Absent for a Dockerfile that somebody wrote. */
  readonly predictedBytes?: number;
}

/** What `deadweight build` found, and what `promote` goes by: plain JSON, schema version 1. */
export interface BuildOutcome {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "deadweight"; readonly version: string };
  /** The folder that was sent. */
  readonly context: string;
  /** The engine that built: `docker` or `podman`. */
  readonly engine: string;
  /** The name that `promote` moves to the candidate; absent when none was given. */
  readonly tag?: string;
  readonly original: BuiltDockerfile;
  /** Absent when there was nothing to change, or nothing that was tried works. */
  readonly candidate?: BuiltCandidate;
  readonly edits: readonly EditOutcome[];
  /** Builds beside that of the original. */
  readonly attempts: number;
  readonly verification?: Verification;
  /** Why the candidate that was given is none: it can't be built, or differs. */
  readonly failure?: string;
  /** Whether there is a candidate that was verified. */
  readonly passed: boolean;
}
