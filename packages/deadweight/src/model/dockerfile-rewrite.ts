import type { Replacement } from "./dockerfile.ts";
import type { Level } from "./optimization.ts";
import type { Report, Safety } from "./report.ts";

/** What a change of a Dockerfile saves: bytes that were measured in the built image, or an estimate with its source. */
export interface RewriteSaving {
  readonly bytes: number;
  /** Absent where an estimate does not say. */
  readonly compressedBytes?: number;
  readonly basis: "measured" | "estimated";
  /** Where an estimate comes from, in words. */
  readonly source?: string;
}

/** A place in the Dockerfile as it was given; lines are counted from 1. */
export interface DockerfilePlace {
  readonly line: number;
  readonly endLine: number;
}

/** One change that was made, or that is advised to be made by hand. */
export interface RewriteChange extends DockerfilePlace {
  /** The edit's name. */
  readonly rule: string;
  readonly safety: Safety;
  readonly message: string;
  /** Why it is safe, or what to do by hand. */
  readonly reason: string;
  readonly saving: RewriteSaving;
}

/** What was left alone, and why. */
export interface RewriteNote extends DockerfilePlace {
  readonly rule: string;
  readonly message: string;
}

/** What the file itself silences: the comment's place is that of the instruction. */
export interface SilencedChange extends RewriteNote {
  /** What the comment gives as its reason; empty without one. */
  readonly reason: string;
}

/** A replacement in the Dockerfile as it was given, and the numbers of the changes that it makes. */
export interface RewriteHunk extends Replacement {
  readonly changes: readonly number[];
}

/** A Dockerfile made smaller: what changed, what it saves, what was left alone. */
export interface DockerfileRewrite {
  readonly schemaVersion: 1;
  readonly tool: Report["tool"];
  /** The Dockerfile as it was called, with `/`. */
  readonly file: string;
  /** The built image that says what instructions cost; absent when none was named. */
  readonly image?: Report["image"];
  /** RUN, COPY and ADD of the shipped stages, and how many of them the image's history shows; absent without an image. */
  readonly evidence?: { readonly instructions: number; readonly found: number };
  readonly level: Level;
  /** Saved by all changes together: a byte of the image is counted once, however many changes claim it. */
  readonly measured: { readonly bytes: number; readonly compressedBytes: number };
  /** The sum of estimates; they may overlap. */
  readonly estimated: { readonly bytes: number };
  readonly changes: readonly RewriteChange[];
  readonly advice: readonly RewriteChange[];
  readonly notes: readonly RewriteNote[];
  readonly silenced: readonly SilencedChange[];
  readonly hunks: readonly RewriteHunk[];
  /** The text before, and after all changes. */
  readonly before: string;
  readonly after: string;
  /** How both are stored. */
  readonly encoding: "utf-8" | "latin1";
}
