// What .dockerignore says, as moby's patternmatcher has it: patterns of Go's filepath.Match with `**`, the last that matches a path or a
// folder above it decides, `!` takes back in.
import { UserError } from "../lib/user-error.ts";

/** Whether a path of the build context, with `/` and without one before, is left out. */
export type IgnoreMatcher = (path: string) => boolean;

interface IgnorePattern {
  readonly isException: boolean;
  readonly expression: RegExp;
}

/** Reads a .dockerignore. Throws UserError `bad-dockerignore` for a pattern that is none. */
export function parseIgnoreFile(text: string, file: string): IgnoreMatcher {
  const patterns = patternLines(text).map(({ line, pattern }): IgnorePattern => {
    const isException = pattern.startsWith("!");
    const expression = expressionOf(isException ? pattern.slice(1) : pattern);
    if (expression === undefined)
      throw new UserError("bad-dockerignore", `${file}:${line}: ${JSON.stringify(pattern)} is no pattern`);
    return { isException, expression };
  });
  return (path) => isIgnored(path, patterns);
}

/** Lines without comments, cleaned as paths: `./a//b/../c/` is `a/c`. */
function patternLines(text: string): readonly { readonly line: number; readonly pattern: string }[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((raw, index) => {
      if (raw.startsWith("#")) return [];
      const trimmed = raw.trim();
      if (trimmed === "") return [];
      const isException = trimmed.startsWith("!");
      const body = isException ? trimmed.slice(1).trim() : trimmed;
      const cleaned = body === "" ? "" : cleanPath(body).replace(/^\/(?=.)/, "");
      // The matcher cleans what the reader gave it once more.
      return [{ line: index + 1, pattern: cleanPath((isException ? `!${cleaned}` : cleaned).trim()) }];
    });
}

function cleanPath(path: string): string {
  const isRooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isRooted) parts.push("..");
  }
  return `${isRooted ? "/" : ""}${parts.join("/")}` || ".";
}

function isIgnored(path: string, patterns: readonly IgnorePattern[]): boolean {
  let ignored = false;
  for (const { isException, expression } of patterns) {
    if (isException !== ignored) continue;
    if (matchesPathOrParent(path, expression)) ignored = !isException;
  }
  return ignored;
}

function matchesPathOrParent(path: string, expression: RegExp): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) if (expression.test(path.slice(0, end))) return true;
  return false;
}

const mostWildcards = 12;

/** A pattern as an expression; undefined for one that is none, such as an open bracket. */
function expressionOf(pattern: string): RegExp | undefined {
  // Many wildcards in one pattern take the longer the more there are.
  if (pattern === "" || (pattern.match(/\*+/g)?.length ?? 0) > mostWildcards) return undefined;
  // `**name` with nothing else is the end of a path, not a whole part of it.
  const [, suffix] = /^\*\*(?=[^/*])([^*?[\]\\]*)$/.exec(pattern) ?? [];
  if (suffix !== undefined) return compiled(`${escaped(suffix)}$`);
  let source = "^";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (pattern.startsWith("**", at)) {
      at += 1;
      if (pattern[at + 1] === "/") at += 1;
      source += at + 1 >= pattern.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const part = bracket(pattern, at);
      if (part === undefined) return undefined;
      source += part.source;
      at = part.end;
    } else if (character === "\\") {
      at += 1;
      if (at >= pattern.length) return undefined;
      source += escaped(pattern.charAt(at));
    } else source += escaped(character);
  }
  return compiled(`${source}$`);
}

/** `[a-z]` and `[^a]`; an escape takes the next one as it is. */
function bracket(pattern: string, start: number): { readonly source: string; readonly end: number } | undefined {
  const match = /^\[(\^?)((?:\\.|[^\]\\])+)\]/s.exec(pattern.slice(start));
  if (!match) return undefined;
  const inside = (match[2] ?? "").replace(/\\(.)|[[\]^&~|]/gs, (whole, one: string | undefined) => `\\${one ?? whole}`);
  return { source: `[${match[1] ?? ""}${inside}]`, end: start + match[0].length - 1 };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "s");
  } catch {
    return undefined;
  }
}
