import type { BuilderName, BuildStep } from "../model/build.ts";
import type { ContextFilter } from "./context-entries.ts";

/** What is built, and how. */
export interface BuildPlan {
  /** A folder of this machine. */
  readonly context: string;
  readonly filter: ContextFilter;
  /** What messages call the Dockerfile. */
  readonly shown: string;
  /** Where the Dockerfile is in the context; absent for one from elsewhere, which is sent under a name of ours. */
  readonly dockerfile?: string;
  /** Its text: that of the file, or what is to become of it. */
  readonly text: string;
  readonly builder: BuilderName | "auto";
  readonly network?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `linux/amd64`; the engine's own when absent. */
  readonly platform?: string;
  readonly noCache: boolean;
  /** Where a step of the builder stands in the Dockerfile. */
  readonly lineOf: (step: BuildStep) => number | undefined;
}
