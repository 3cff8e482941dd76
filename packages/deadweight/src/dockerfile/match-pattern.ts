// Patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/text}`: `*`, `?` and escapes, no brackets. Matched by a table, so
// that no pattern takes longer than its length times the value's.

/** A pattern taken apart: a character that must stand there, or one of the two wildcards. */
export type PatternToken = { readonly literal: string } | "any" | "one";

/** The pattern's tokens; undefined when an escape in it means nothing. */
export function patternTokens(pattern: string): readonly PatternToken[] | undefined {
  const characters = Array.from(pattern);
  const tokens: PatternToken[] = [];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? "";
    if (character === "*") tokens.push("any");
    else if (character === "?") tokens.push("one");
    else if (character !== "\\") tokens.push({ literal: character });
    else {
      index += 1;
      const escaped = characters[index] ?? "";
      if (!["*", "?", "\\", "}", "/"].includes(escaped)) return undefined;
      tokens.push({ literal: escaped });
    }
  }
  return tokens;
}

/** How many of the characters from `from` on the tokens match: the most or the fewest; undefined when they match none of it. */
export function matchLength(
  tokens: readonly PatternToken[],
  characters: readonly string[],
  from: number,
  isLongest: boolean,
): number | undefined {
  const length = characters.length - from;
  let reached: readonly boolean[] = Array.from({ length: length + 1 }, (_, at) => at === 0);
  for (const token of tokens) reached = step(reached, token, characters, from);
  const at = isLongest ? reached.lastIndexOf(true) : reached.indexOf(true);
  return at === -1 ? undefined : at;
}

function step(reached: readonly boolean[], token: PatternToken, characters: readonly string[], from: number): readonly boolean[] {
  let isPassed = false;
  return reached.map((isReached, at) => {
    isPassed ||= isReached;
    if (token === "any") return isPassed;
    const fits = token === "one" || characters[from + at - 1] === token.literal;
    return at > 0 && fits && reached[at - 1] === true;
  });
}

// Variables are paths and versions; a table of this size takes a millisecond.
const longestValue = 4096;
const longestPattern = 256;

/** A value without what the pattern matches at its start (`#`) or end (`%`), doubled in the word for the longest; undefined for a pattern not known. */
export function trimPattern(value: string, operator: string, word: string): string | undefined {
  const isLongest = word.startsWith(operator);
  const tokens = patternTokens(isLongest ? word.slice(1) : word);
  const characters = Array.from(value);
  if (tokens === undefined || characters.length > longestValue || tokens.length > longestPattern) return undefined;
  if (operator === "#") return characters.slice(matchLength(tokens, characters, 0, isLongest) ?? 0).join("");
  const cut = matchLength(tokens.toReversed(), characters.toReversed(), 0, isLongest) ?? 0;
  return characters.slice(0, characters.length - cut).join("");
}

/** A value in which the first or every longest match of the pattern is replaced; undefined for a pattern not known. */
export function replacePattern(value: string, pattern: string, replacement: string, isAll: boolean): string | undefined {
  const tokens = patternTokens(pattern);
  const characters = Array.from(value);
  if (tokens === undefined || characters.length > longestValue || tokens.length > longestPattern) return undefined;
  const parts: string[] = [];
  let isDone = false;
  for (let at = 0; at <= characters.length;) {
    const length = isDone ? undefined : matchLength(tokens, characters, at, true);
    if (length === undefined) {
      parts.push(characters[at] ?? "");
      at += 1;
      continue;
    }
    parts.push(replacement, length === 0 ? (characters[at] ?? "") : "");
    at += Math.max(length, 1);
    isDone = !isAll;
  }
  return parts.join("");
}
