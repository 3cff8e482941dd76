import { UserError } from "../lib/user-error.ts";
import type { Dockerfile, Instruction } from "../model/dockerfile.ts";
import { parserDirectives } from "./parser-directives.ts";
import { parseInstruction, type Source } from "./parse-instruction.ts";
import type { MaskedRange } from "./shell-mask.ts";
import { isBlank, isComment, sourceLines } from "./source-lines.ts";
import { stagesOf } from "./stages.ts";
import { syntaxError } from "./syntax-error.ts";

/** What belongs to a Dockerfile's text. */
export interface DockerfileOptions {
  /** What errors call the file. */
  readonly file?: string;
  /** Values of `--build-arg`, which the stages may be named after. */
  readonly buildArgs?: ReadonlyMap<string, string>;
}

const mostCharacters = 4 * 1024 * 1024;

/**
 * A Dockerfile as BuildKit reads it, each part with its place in the text, which stays as it is. Throws UserError `bad-dockerfile` with file
 * and line for what BuildKit refuses. Takes time in proportion to the text.
 */
export function parseDockerfile(text: string, options: DockerfileOptions = {}): Dockerfile {
  const file = options.file ?? "Dockerfile";
  if (text.length > mostCharacters)
    throw new UserError(
      "bad-dockerfile",
      `${file}: ${text.length} characters are more than a Dockerfile may have, ${mostCharacters}`,
    );
  const lines = sourceLines(text, file);
  const { values: directives, escape } = parserDirectives(text, lines, file);
  const { instructions, masked } = parseInstructions({ file, text, lines, escape });
  const first = instructions.find(({ keyword }) => keyword !== "ARG");
  if (!first) throw syntaxError(file, Math.max(1, lines.length), "there is no FROM");
  if (first.keyword !== "FROM") throw syntaxError(file, first.line, `${first.keyword} stands before the first FROM`);
  const made = new WeakMap<object, WeakMap<object, { readonly value: unknown }>>();
  const dockerfile: Dockerfile = {
    text,
    mask: maskOf(text, masked),
    escape,
    directives,
    instructions,
    stages: stagesOf(text, escape, instructions, options.buildArgs ?? new Map()),
    lineEnding: text.includes("\n") && text[text.indexOf("\n") - 1] === "\r" ? "\r\n" : "\n",
    once<Key extends object, Value>(make: (dockerfile: Dockerfile, key: Key) => Value, key: Key): Value {
      const known = made.get(make) ?? new WeakMap<object, { readonly value: unknown }>();
      made.set(make, known);
      const found = known.get(key) ?? { value: make(dockerfile, key) };
      known.set(key, found);
      return found.value as Value;
    },
  };
  return dockerfile;
}

function parseInstructions(source: Source): {
  readonly instructions: readonly Instruction[];
  readonly masked: readonly MaskedRange[];
} {
  const instructions: Instruction[] = [];
  const masked: MaskedRange[] = [];
  for (let index = 0; index < source.lines.length;) {
    const line = source.lines[index];
    if (!line || isBlank(source.text, line) || isComment(source.text, line)) {
      index += 1;
      continue;
    }
    const parsed = parseInstruction(source, index);
    instructions.push(parsed.instruction);
    for (const range of parsed.masked) masked.push(range);
    index = parsed.nextLine;
  }
  return { instructions, masked };
}

function maskOf(text: string, masked: readonly MaskedRange[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const range of masked) {
    parts.push(text.slice(at, range.start), range.text);
    at = range.end;
  }
  return parts.join("") + text.slice(at);
}
