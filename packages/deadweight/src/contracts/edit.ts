import type { Dockerfile, Instruction, Replacement, Stage } from "../model/dockerfile.ts";
import type { GpuChoice } from "../model/gpu.ts";
import type { Safety } from "../model/report.ts";
import type { Facts } from "./fact.ts";
import type { EntryClaim, RuleFinding } from "./rule.ts";

/** The image that the Dockerfile gave: the evidence of what its instructions cost. */
export interface BuiltImage {
  readonly facts: Facts;
  /** The layers that an instruction made, lowest first; none for what made no layer or is of a stage that is not in the image. */
  readonly layersOf: (instruction: Instruction) => readonly number[];
  /** What a rule says of the image, by the rule's name; nothing where it does not apply. */
  readonly findings: (rule: string) => readonly RuleFinding[];
}

/** A file that the build context would send, and its size in bytes. */
export interface ContextFile {
  /** Relative to the context, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

/** What an edit may look at. */
export interface EditContext {
  readonly dockerfile: Dockerfile;
  /** The stage whose image is shipped: the last, or what `--target` names. */
  readonly target: Stage;
  /** Stages that the shipped one is built on, itself included, lowest first: what their instructions write is in the image. */
  readonly shipped: readonly Stage[];
  readonly built?: BuiltImage;
  /** What is left of the build context after .dockerignore; absent when the context is not known, or too large to be weighed. */
  readonly contextFiles?: readonly ContextFile[] | undefined;
  /** The text of a file of the build context, such as a script that RUN calls; nothing when it is not there or too large. */
  readonly readContextFile: (path: string) => string | undefined;
  /** The variables that an instruction sees: ENV, ARG with `--build-arg`, and the environment of the base image where it is known. */
  readonly variablesAt: (instruction: Instruction) => ReadonlyMap<string, string>;
  readonly gpus?: GpuChoice;
  /** Whether the user says that the image runs without a GPU. */
  readonly withoutGpu: boolean;
  /** Whether the user asked for this edit by its name, so that an opt-in one is proposed and small savings are no reason to leave it. */
  readonly isAsked: (edit: string) => boolean;
}

/** What a proposal saves: entries of the built image that the next build would not have, or an estimate with its source in words. */
export type ProposedSaving =
  | { readonly claims: readonly EntryClaim[]; readonly packages?: PackageChange }
  | { readonly bytes: number; readonly compressedBytes?: number; readonly source: string };

/** What changes of the dpkg packages that an instruction installs: together with other changes more may go than each of them claims. */
export interface PackageChange {
  /** Of the built image, those that the instruction made. */
  readonly layers: readonly number[];
  /** Packages that are not asked for any more, by name, and those that are in any case. */
  readonly unnamed: ReadonlySet<string>;
  readonly named: ReadonlySet<string>;
  /** Whether what is only recommended is not installed. */
  readonly withoutRecommended: boolean;
}

/** In what the next image may differ beside what is saved. */
export interface BuildDifferences {
  /** Settings that go, as the check `config` names them: `Env NV_CUDNN_VERSION`, `Entrypoint`. */
  readonly settings?: readonly string[];
  /** Patterns of paths, as `FileTree.glob` has them: of files that may have another content, and of those that may be new, gone or others. */
  readonly rewritten?: readonly string[];
  readonly free?: readonly string[];
}

/** Replacements that belong together: all are made or none. */
export interface Proposal {
  /** The instruction that the finding is about. */
  readonly instruction: Instruction;
  /** What is wrong there, in one line. */
  readonly message: string;
  /** Why the change is safe, in one line. */
  readonly reason: string;
  /** Ascending and apart from each other. None: advice, which says what to do by hand. */
  readonly replacements: readonly Replacement[];
  readonly saving: ProposedSaving;
  readonly differences?: BuildDifferences;
}

/** What an edit leaves alone though it is of its kind, and why, in one line. */
export interface EditNote {
  readonly instruction: Instruction;
  readonly message: string;
}

/** What an edit says of a Dockerfile. */
export interface Proposals {
  readonly proposals: readonly Proposal[];
  readonly notes: readonly EditNote[];
}

/** One kind of change to a Dockerfile. The texts become its page in docs/edits and the answer of `explain`. */
export interface Edit {
  /** In kebab-case, the name of the file: `pip-no-cache`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  readonly safety: Safety;
  /** Lower ones come first: of two that want the same characters, the first has them. */
  readonly order: number;
  /** What is wrong and why it costs bytes. */
  readonly meaning: string;
  /** What it costs to be wrong, and what it leaves alone for that. */
  readonly risk: string;
  /** The checks of `verify` that would tell if it broke something. */
  readonly checks: readonly string[];
  /** A Dockerfile that has the problem, and what becomes of it: shown on the page, held by a test. */
  readonly example: { readonly before: string; readonly after: string };
  readonly propose: (context: EditContext) => Proposals;
}

/** Declares an edit; the identity function, for its type. */
export function defineEdit(edit: Edit): Edit {
  return edit;
}
