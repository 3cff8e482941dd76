import type { SourceRange } from "../model/dockerfile.ts";

/** A word of a command. */
export interface ShellWord extends SourceRange {
  /** As written, quotes and all. */
  readonly text: string;
  /** What the program gets; absent where variables, globs, braces or substitutions decide that. */
  readonly value?: string;
}

/** `> file`, `2>&1`; the target as written. */
export interface ShellRedirect extends SourceRange {
  readonly operator: string;
  readonly descriptor?: number;
  readonly target?: ShellWord;
}

/** Why a command is no step of the script's own list, so that nothing may be put behind it. */
export type ShellNesting = "control flow" | "pipeline" | "negation" | "background" | "substitution" | "quoted script";

/** A simple command with its wrappers taken off. */
export interface ShellCommand extends SourceRange {
  /** The program first, never empty. */
  readonly words: readonly ShellWord[];
  /** Words of `sudo`, `env`, `nice`, `python -m` and others before the program. */
  readonly wrappers: readonly ShellWord[];
  /** `NAME=value` before the program, of `env` and `sudo` too. */
  readonly assignments: ReadonlyMap<string, string | undefined>;
  readonly redirects: readonly ShellRedirect[];
  /** Which statement of the script it belongs to, and which step of the `&&` and `||` chain there; counted from 0. */
  readonly statement: number;
  readonly step: number;
  readonly nesting?: ShellNesting;
  /** The quote that it stands within, for the script of a `sh -c`. */
  readonly quote?: "'" | '"';
  /** Whether a failure ends the script there: `set -e`. */
  readonly stopsOnFailure: boolean;
}

/** What stands between two `;` or line feeds of a script. */
export interface ShellStatement extends SourceRange {
  readonly steps: readonly (SourceRange & { readonly isSimple: boolean })[];
  readonly operators: readonly ("&&" | "||")[];
  readonly isBackground: boolean;
  /** Whether `set -e` is in force where it begins. */
  readonly stopsOnFailure: boolean;
}

/** What a RUN gives to a shell, read without running it. All ranges are those of the Dockerfile's text. */
export interface ShellScript extends SourceRange {
  readonly statements: readonly ShellStatement[];
  /** All simple commands in their order, those within control flow and substitutions too. */
  readonly commands: readonly ShellCommand[];
  /** Whether it is the body of a heredoc, where lines end statements. */
  readonly isHeredoc: boolean;
}

/** The last part of a program's path: `pip3.11` of `/opt/venv/bin/pip3.11`; empty when it is not known. */
export function programOf({ words }: Pick<ShellCommand, "words">): string {
  return words[0]?.value?.replace(/^.*\//, "") ?? "";
}
