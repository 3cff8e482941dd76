import type { Service } from "./config.ts";

/** What a probe was answered. */
export interface Answer {
  /** Of the probe. */
  readonly probe: string;
  /** Why there was none; all else is then empty. */
  readonly failure?: string;
  /** Status of an HTTP answer, exit code of a command; undefined for one that did not end. */
  readonly code: number | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a command, what it wrote to standard output. */
  readonly body: Uint8Array;
  readonly isCut: boolean;
}

/** How a container that was told to stop ended. */
export interface Shutdown {
  readonly signal: string;
  readonly exitCode: number | undefined;
  readonly durationMs: number;
  /** It had to be killed. */
  readonly timedOut: boolean;
}

/** How it was known that a container is ready: by a request, by the image's HEALTHCHECK, by any answer at all, or not. */
export type ReadyBy = "request" | "health check" | "answer" | "nothing";

/** One container from its start to its end. */
export interface Life {
  /** Why the engine could not start it. */
  readonly failure?: string;
  readonly readyBy: ReadyBy;
  /** From the start to the first sign of being ready; undefined when there was none, or nothing says. */
  readonly readyMs: number | undefined;
  /** What was wrong when it was asked last. */
  readonly unready?: string;
  /** Its exit code, when it ended by itself before it was told to. */
  readonly ended?: { readonly exitCode: number; readonly outOfMemory: boolean };
  readonly answers: readonly Answer[];
  /** Milliseconds of each measured request, by probe. */
  readonly latencies: Readonly<Record<string, readonly number[]>>;
  /** The most bytes that its processes were seen to hold. */
  readonly memoryBytes: number | undefined;
  /** The most bytes of GPUs that its processes were seen to hold, or why nobody could see; absent when it was not measured. */
  readonly gpuMemory?: number | string;
  readonly output: string;
  readonly errors: string;
  readonly shutdown?: Shutdown;
}

/** Which modules Python could import: the error by name, undefined for those without; a text says why it could not be tried. */
export type ImportSweep = ReadonlyMap<string, string | undefined> | string;

/** What containers of one image did. */
export interface ObservedImage {
  /** Asked all probes, and told to stop. The original lives twice, to see what differs by itself. */
  readonly lives: readonly Life[];
  /** Started again to be measured, in turns with those of the other image. */
  readonly rounds: readonly Life[];
  /** Answers to probes that have a container of their own. */
  readonly apart: readonly Answer[];
  readonly imports: ImportSweep;
}

/** What containers of both images did under the same probes. */
export interface Observed {
  readonly service: Service;
  readonly before: ObservedImage;
  readonly after: ObservedImage;
  /** Why nothing could be measured. */
  readonly unmeasured?: string;
}
