/** Which of an engine's builders made an image. */
export type BuilderName = "buildkit" | "legacy";

/** One step of a build as its builder tells it. */
export interface BuildStep {
  /** The instruction as the builder writes it, on one line: `RUN apt-get update && apt-get install -y curl`. */
  readonly text: string;
  /** The stage and the number in it, as the builder writes them: `stage-1 2/3`, or `4/7`. */
  readonly place: string;
  /** Where it begins in the Dockerfile, counted from 1; absent where the builder's text could not be found there. */
  readonly line?: number;
  /** Whether it was taken from the builder's cache: its time says nothing then. */
  readonly isCached: boolean;
  /** Absent for a step that was begun and did not end. */
  readonly durationMs?: number;
}

/** An image that was built. */
export interface Build {
  readonly builder: BuilderName;
  /** As the engine knows the image: `sha256:…`. */
  readonly imageId: string;
  /** All layers with what they have of the base, as the engine counts: contents without archive headers. */
  readonly engineBytes: number;
  readonly steps: readonly BuildStep[];
  /** From the first byte of the context to the engine's last word. */
  readonly durationMs: number;
  /** What was sent: files of the context that no .dockerignore holds back. */
  readonly contextFiles: number;
  readonly contextBytes: number;
}
