import type { GpuTarget } from "./gpu.ts";

/** What `deadweight.yaml` holds, with defaults filled in. */
export interface Config {
  /** The GPUs that the images are for, ascending. */
  readonly gpus?: readonly GpuTarget[] | undefined;
  readonly services: Readonly<Record<string, Service>>;
}

/** A folder of the machine that a container sees: weights of models, caches. */
export interface ServiceMount {
  /** Relative to the file that names it. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** How the image of a service is built. */
export interface ServiceBuild {
  /** The folder that is sent; relative to the file that names it. */
  readonly context: string;
  /** Relative to the context; its `Dockerfile` when absent. */
  readonly dockerfile?: string | undefined;
  readonly target?: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  /** Of RUN steps. */
  readonly network?: string | undefined;
  /** What the image is called that is in use: `promote` moves this name. */
  readonly tag?: string | undefined;
}

/** How a service is run, and what it is asked. Times are milliseconds, sizes bytes. */
export interface Service {
  readonly build?: ServiceBuild | undefined;
  /** In the place of the image's own. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly ServiceMount[];
  /** When absent: a private one when it is asked over HTTP, else none. */
  readonly network?: "none" | "private" | "host" | undefined;
  /** The port that HTTP probes ask; when absent the only one that the image exposes. */
  readonly port?: number | undefined;
  readonly capabilities: readonly string[];
  /** At most; three quarters of what the engine has when absent. */
  readonly memory?: number | undefined;
  readonly pids: number;
  readonly readOnly: boolean;
  readonly gpus?: "all" | number | readonly string[] | undefined;
  readonly ready?: Ready | undefined;
  /** From its start until it is ready, at most. */
  readonly startTimeout: number;
  /** So long it must run to count as started, where nothing says when it is ready. */
  readonly staysUp: number;
  /** From the stop signal to its end, at most. */
  readonly stopTimeout: number;
  readonly probes: readonly Probe[];
  readonly measure: Measure;
  readonly budgets: Budgets;
}

/** When a service that is asked over HTTP is ready. */
export interface Ready {
  readonly path: string;
  readonly status: number;
  /** Values that a JSON answer must have, by path: `$.status`. */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
  /** A pattern that the answer must have. */
  readonly text?: string | undefined;
}

/** A request or a command whose answer is recorded from the original and must be the candidate's. */
export interface Probe {
  readonly name: string;
  readonly http?: HttpRequest | undefined;
  /** Run in the container; in one of its own where the service has ended. */
  readonly command?: readonly string[] | undefined;
  /** Given to the image's entry point, in a container of its own. */
  readonly arguments?: readonly string[] | undefined;
  readonly timeout: number;
  readonly compare: AnswerComparison;
}

/** A request; the body is a text, or JSON. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly json?: unknown;
}

/** How two answers are compared. */
export interface AnswerComparison {
  /** `auto` goes by the content type. */
  readonly as: "auto" | "json" | "text" | "bytes" | "wav" | "number" | "nothing";
  /** Headers that must be the same. */
  readonly headers: readonly string[];
  /** Paths of JSON values that may differ: `$.time`, `$.items[*].id`. */
  readonly ignore: readonly string[];
  /** By how much numbers may differ, as a part of the original: 0.01 is 1 %. */
  readonly tolerance: number;
  /** What the candidate's answer must have, in the place of being the original's. */
  readonly pattern?: string | undefined;
}

/** How start-up, latency, memory and pulls are measured. */
export interface Measure {
  /** Starts of each image, one after the other; more are made when it is not clear, up to three times as many. */
  readonly rounds: number;
  /** Requests of each probe in a round. */
  readonly requests: number;
  /** Requests before them that don't count. */
  readonly warmUp: number;
  /** A growth of the median below this part of it is none, however certain. */
  readonly tolerance: number;
  /** Bits in a second that a pull gets; pulls are not measured when absent. */
  readonly bandwidth?: number | undefined;
}

/** What the candidate may take at most, whatever the original takes. */
export interface Budgets {
  readonly startUp?: number | undefined;
  /** Of each probe's 95th percentile. */
  readonly latency?: number | undefined;
  readonly memory?: number | undefined;
  readonly gpuMemory?: number | undefined;
  readonly pull?: number | undefined;
}
