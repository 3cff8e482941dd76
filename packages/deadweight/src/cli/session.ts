import type * as deadweight from "../index.ts";
import { UserError } from "../lib/user-error.ts";

/** A stream that text is written to, a terminal or not: what the commands use of process.stdout and process.stderr. */
export interface Output {
  readonly write: (text: string, done?: (error?: Error | null) => void) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Variables of the process, the only place where settings come from beside the flags. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process as the commands see it, so that a test can be one. */
export interface Session {
  /** What was typed after the program's name. */
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted with the name of the signal that asked to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly node: { readonly version: string; readonly path: string };
}

/** The part of the public API that the commands use. */
export type Toolkit = Pick<
  typeof deadweight,
  | "analyze"
  | "build"
  | "checks"
  | "compare"
  | "configuredGpus"
  | "draftConfig"
  | "edits"
  | "examineMachine"
  | "failedGates"
  | "formats"
  | "gpuTable"
  | "layerLimits"
  | "levels"
  | "loadReport"
  | "optimize"
  | "parseBudget"
  | "parseGpus"
  | "parseGrowth"
  | "parseLayerShape"
  | "parsePlatform"
  | "passedGrowth"
  | "parseThreshold"
  | "promote"
  | "proposeEdits"
  | "render"
  | "printTarget"
  | "renderBuild"
  | "renderParts"
  | "renderComparison"
  | "renderValidation"
  | "renderVerification"
  | "renderRewrite"
  | "reportJsonSchema"
  | "restore"
  | "rollback"
  | "rewrite"
  | "rewriteFormats"
  | "rules"
  | "transforms"
  | "validate"
  | "verify"
>;

/** A command with its arguments, ready to run; gives the exit code. */
export type Work = () => Promise<number>;

/** Writes and waits until it is written. A reader that has gone away (`| head`) is no error; a full disk is a UserError. */
export function write(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      const isGone = error !== undefined && error !== null && "code" in error && error.code === "EPIPE";
      if (error && !isGone) reject(new UserError("unwritable", `could not write the result: ${error.message}`, { cause: error }));
      else resolve();
    });
  });
}
