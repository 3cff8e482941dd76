import type { OpenOptions, Store } from "./store.ts";

/** How a container reaches others: not at all, through a network of its own, or as a process of the machine does. */
export type Network = "none" | "private" | "host";

/** A folder of the machine in a container. */
export interface Mount {
  /** An absolute path. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** How a container is made. What is absent stays as the image says; nobody gets more than is written here. */
export interface ContainerPlan {
  /** A name or an id of an image that the engine has. */
  readonly image: string;
  /** In the place of the image's own; an empty list for none. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly network: Network;
  /** Ports inside the container that are asked; on a private network they can be reached from this machine alone. */
  readonly ports: readonly number[];
  /** Capabilities that it keeps, as `NET_BIND_SERVICE`; all others are dropped. */
  readonly capabilities: readonly string[];
  readonly memoryBytes: number;
  readonly pids: number;
  readonly readOnly: boolean;
  /** `all`, a number of GPUs, or names of devices as CDI has them; none when absent. */
  readonly gpus?: "all" | number | readonly string[];
}

/** How a run ended, whatever it was: a container or a command in one. */
export interface RunResult {
  /** Undefined when it did not end by itself within its time. */
  readonly exitCode: number | undefined;
  /** Standard output and standard error, the beginning of each where there was more than the limit. */
  readonly output: Uint8Array;
  readonly errors: Uint8Array;
  readonly isCut: boolean;
  readonly durationMs: number;
  /** Its time was over; a container was then killed. */
  readonly timedOut: boolean;
  /** It was ended by a signal that can't be caught. */
  readonly killed: boolean;
  readonly outOfMemory: boolean;
}

/** What the engine says of a container now. */
export interface ContainerState {
  readonly isRunning: boolean;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/** One container. All methods throw UserError when the engine fails, `timed-out` when it does not answer. */
export interface Container {
  readonly id: string;
  /** Resolves when the engine has started it; what it then does is another question. */
  readonly start: () => Promise<void>;
  readonly state: () => Promise<ContainerState>;
  /** Waits for its end, and kills it when its time is over. */
  readonly wait: (timeoutMs: number) => Promise<RunResult>;
  /** Waits for its end as long as this; tells whether it is still running. */
  readonly staysUp: (timeoutMs: number) => Promise<boolean>;
  /** Runs a command in it. One whose time is over is left alone, and ends with the container. */
  readonly exec: (command: readonly string[], timeoutMs: number) => Promise<RunResult>;
  /** Sends a signal, waits for its end, and kills it when its time is over. */
  readonly stop: (signal: string, timeoutMs: number) => Promise<RunResult>;
  /** Where a port of it can be reached from this machine: `127.0.0.1:8000`. Undefined without a network. */
  readonly address: (port: number) => Promise<string | undefined>;
  /** Bytes that its processes hold now, without the page cache; undefined where the engine can't tell. */
  readonly memory: () => Promise<number | undefined>;
  /** Its processes, as the machine of the engine numbers them. */
  readonly processes: () => Promise<readonly number[]>;
  /** Takes it away with its anonymous volumes, running or not. */
  readonly remove: () => Promise<void>;
}

/** An engine that is there to run containers; what it made goes with `close`. */
export interface RuntimeSession {
  /** For messages: `docker engine at unix:///var/run/docker.sock (the default)`. */
  readonly place: string;
  /** What the engine has for containers in total, at most. */
  readonly memoryBytes: number;
  /** Whether ports that it publishes on its loopback are on this machine's. */
  readonly isLocal: boolean;
  /** Made and not yet started. */
  readonly create: (plan: ContainerPlan) => Promise<Container>;
  /** Whether the engine has an image of this name or id. */
  readonly hasImage: (name: string) => Promise<boolean>;
  /** A name for an image of this run; it is taken away in the end, also by a later run when this one is killed. */
  readonly imageName: (of: string) => string;
  /** Removes containers, networks and images of this run. Goes on after a stop; throws UserError when something may be left. */
  readonly close: () => Promise<void>;
}

/** What a runtime may use of the world outside. */
export type RuntimeOptions = Pick<OpenOptions, "environment" | "signal" | "insecure"> & {
  readonly onNote: (text: string) => void;
};

/** A place where containers run. */
export interface Runtime {
  /** The name of the file: `docker`. The same as the scheme of the store that has its images. */
  readonly name: Store["scheme"];
  /** One line. */
  readonly summary: string;
  /** Throws UserError `no-engine` when there is none. First it takes away what killed runs have left. */
  readonly connect: (options: RuntimeOptions) => Promise<RuntimeSession>;
}

/** Declares a runtime; the identity function, for its type. */
export function defineRuntime(runtime: Runtime): Runtime {
  return runtime;
}
