import type { Dockerfile } from "../model/dockerfile.ts";
import type { SourceLine } from "./source-lines.ts";
import { syntaxError } from "./syntax-error.ts";
import { skipSpace } from "./white-space.ts";

/** What the directives at the top of a file say, and how many lines they take. */
export interface Directives {
  readonly values: ReadonlyMap<string, string>;
  readonly escape: Dockerfile["escape"];
}

const known = new Set(["syntax", "escape", "check"]);

/**
 * Reads parser directives: comments `# name=value` on the first lines, each name once; the first line that is none ends them. Only the
 * frontend's name may stand below a line with `#!`, since BuildKit looks for that one alone.
 */
export function parserDirectives(text: string, lines: readonly SourceLine[], file: string): Directives {
  const values = directivesFrom(text, lines, 0, file);
  const escape = values.get("escape") ?? "\\";
  if (escape !== "\\" && escape !== "`")
    throw syntaxError(file, 1, `the escape character "${escape.slice(0, 20)}" is neither a backslash nor a backtick`);
  const [first] = lines;
  const below = first && text.startsWith("#!", first.start) ? directivesFrom(text, lines, 1, file).get("syntax") : undefined;
  return { values: below === undefined ? values : new Map([...values, ["syntax", below]]), escape };
}

function directivesFrom(text: string, lines: readonly SourceLine[], from: number, file: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [index, line] of lines.slice(from).entries()) {
    const content = text.slice(skipSpace(text, line.start, line.end), line.end);
    const match = /^#\s*([a-zA-Z][a-zA-Z0-9]*)[\t\f\r ]*=[\t\f\r ]*([^\t\f\r ](?:[^\n]*[^\t\f\r ])?)[\t\f\r ]*$/.exec(content);
    const name = match?.[1]?.toLowerCase();
    if (match?.[2] === undefined || name === undefined || !known.has(name)) break;
    if (values.has(name)) throw syntaxError(file, from + index + 1, `the directive ${name} stands there twice`);
    values.set(name, match[2]);
  }
  return values;
}
