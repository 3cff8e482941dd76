import type { Dockerfile, SourceRange } from "../model/dockerfile.ts";
import { heredocStart } from "./heredocs.ts";
import { quotedWords } from "./quoted-words.ts";
import { syntaxError } from "./syntax-error.ts";
import { plainWords } from "./white-space.ts";

/** Every instruction that there is. */
export const keywords: readonly string[] =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  );

interface Arguments {
  readonly file: string;
  readonly line: number;
  readonly keyword: string;
  /** The joined text, in which `rest` is what follows keyword and flags. */
  readonly text: string;
  readonly rest: SourceRange;
  readonly exec: readonly string[] | undefined;
  readonly escape: Dockerfile["escape"];
}

const needsOne = new Set([
  "ARG",
  "ENV",
  "EXPOSE",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
]);

/** Refuses what BuildKit refuses of an instruction's arguments: too few, a stage's name that is none, ENV without a value. Throws UserError `bad-dockerfile`. */
export function checkArguments(given: Arguments): void {
  const { file, line, keyword, text, rest } = given;
  const reason = wrongWith(given, text.slice(rest.start, rest.end));
  if (reason !== undefined) throw syntaxError(file, line, `${keyword} ${reason}`);
}

function wrongWith(given: Arguments, rest: string): string | undefined {
  const { keyword, exec, escape } = given;
  if (needsOne.has(keyword) && (exec ? exec.length === 0 && keyword !== "HEALTHCHECK" : rest === "")) return "says nothing";
  if (keyword === "SHELL") return exec ? undefined : "has to be a JSON array";
  if (keyword === "COPY" || keyword === "ADD") return wrongWithCopy(exec ?? plainWordsOf(rest));
  if (keyword === "FROM") return wrongWithFrom(plainWordsOf(rest));
  if (keyword === "HEALTHCHECK") return wrongWithHealthCheck(rest, exec);
  if (keyword === "ENV" || keyword === "LABEL") return wrongWithPairs(rest, escape);
  if (keyword === "ARG")
    return quotedWords(rest, 0, rest.length, escape).some(({ text }) => text.startsWith("=")) ? "has no name" : undefined;
  if (keyword === "VOLUME") return (exec ?? []).some((path) => path.trim() === "") ? "names an empty path" : undefined;
  if (keyword === "ONBUILD")
    return /^(?:ONBUILD|FROM|MAINTAINER)(?:\s|$)/i.test(rest) ? "can't hold this instruction" : undefined;
  return undefined;
}

function wrongWithCopy(words: readonly string[]): string | undefined {
  if (words.length < 2) return "needs a source and a destination";
  return heredocStart(words.at(-1) ?? "") ? "can't write to a heredoc" : undefined;
}

function wrongWithFrom(words: readonly string[]): string | undefined {
  const [, as = "", name = ""] = words;
  if (words.length === 1) return undefined;
  if (words.length !== 3 || as.toLowerCase() !== "as") return "needs one argument, or three with AS in the middle";
  return /^[a-z][a-z0-9-_.]*$/.test(name.toLowerCase()) ? undefined : `calls a stage ${JSON.stringify(name)}, which is no name`;
}

function wrongWithHealthCheck(rest: string, exec: readonly string[] | undefined): string | undefined {
  const [type = "", ...command] = plainWordsOf(rest);
  if (type.toUpperCase() === "NONE") return command.length > 0 ? "NONE takes nothing else" : undefined;
  if (type.toUpperCase() !== "CMD") return `knows CMD and NONE, not ${JSON.stringify(type.slice(0, 40))}`;
  return (exec ?? command).length === 0 ? "CMD needs a command" : undefined;
}

/** `name value` or `name=value …`. */
function wrongWithPairs(rest: string, escape: Dockerfile["escape"]): string | undefined {
  const words = quotedWords(rest, 0, rest.length, escape).map(({ text }) => text);
  if (words[0]?.includes("=") !== true) return plainWordsOf(rest).length < 2 ? "needs a name and a value" : undefined;
  if (words.some((word) => word.startsWith("="))) return "has no name";
  const wrong = words.find((word) => !word.includes("="));
  return wrong === undefined ? undefined : `has ${JSON.stringify(wrong.slice(0, 40))}, which is no name=value`;
}

function plainWordsOf(text: string): readonly string[] {
  return plainWords(text, 0, text.length).map(({ start, end }) => text.slice(start, end));
}
