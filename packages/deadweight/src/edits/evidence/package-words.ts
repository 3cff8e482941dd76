import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import type { ShellWord } from "../../dockerfile/shell-script.ts";
import type { Dockerfile, Replacement } from "../../model/dockerfile.ts";

/** A package that apt is told to install. */
export interface PackageWord {
  readonly use: CommandUse;
  readonly word: ShellWord;
  /** Without version, release and architecture. */
  readonly name: string;
}

/** The packages that the apt installs of a step name. */
export function packageWords({ uses }: Pick<RunStep, "uses">): readonly PackageWord[] {
  return uses
    .filter(({ tool, verb }) => tool === "apt" && verb === "install")
    .flatMap((use) =>
      use.operands.flatMap((word) => (word.value === undefined ? [] : [{ use, word, name: word.value.replace(/[=:/].*$/, "") }])),
    );
}

/** Takes a word off a list, with the line that it stands on by itself. */
export function withoutWord({ text }: Dockerfile, { use, word }: PackageWord): Replacement {
  const before = use.command.words.findLast(({ end }) => end <= word.start);
  const gap = before === undefined ? "#" : text.slice(before.end, word.start);
  return { start: gap.includes("#") ? word.start : (before?.end ?? word.start), end: word.end, text: "" };
}
