import type { BuildStep } from "../model/build.ts";
import type { ProgressEvent } from "../model/progress.ts";

/** Why a build failed. */
export interface BuildFailure {
  readonly message: string;
  /** The step that failed, where the builder says which it was. */
  readonly step?: BuildStep;
  /** The last lines that it printed. */
  readonly output: readonly string[];
}

/** Makes sense of what a builder says while it builds. */
export interface BuildWatcher {
  /** Takes one message of the engine. */
  readonly take: (message: Readonly<Record<string, unknown>>) => void;
  /** No more messages come: what is known of steps. */
  readonly steps: () => readonly BuildStep[];
  readonly imageId: () => string | undefined;
  /** Why it failed, when its message says so. */
  readonly failure: (message: string) => BuildFailure;
}

/** What a watcher may use. */
export interface WatcherOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** Lines of a failed step that are told. */
export const toldLines = 15;
/** A hostile engine may tell of steps without end. */
export const mostSteps = 10_000;
