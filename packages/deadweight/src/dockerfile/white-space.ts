// What BuildKit takes for white space around lines and words: Unicode's, where JavaScript's differs by U+0085 and U+FEFF.
const space = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const onlySpace = new RegExp(`^[${space}]$`);

/** Whether a character is white space for BuildKit. */
export function isSpace(character: string): boolean {
  return onlySpace.test(character);
}

/** The first place from `from` that holds no white space, `to` when there is none. */
export function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(text.charAt(at))) at += 1;
  return at;
}

/** Where the text up to `to` ends when the white space at its end is left out; not before `from`. */
export function trimSpaceEnd(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(text.charAt(at - 1))) at -= 1;
  return at;
}

/** The words between `from` and `to` as BuildKit parts them where quotes mean nothing, in FROM, COPY or EXPOSE. */
export function plainWords(text: string, from: number, to: number): readonly { readonly start: number; readonly end: number }[] {
  return [...text.slice(from, to).matchAll(/[^\t\v\f\r ]+/g)].map((match) => ({
    start: from + match.index,
    end: from + match.index + match[0].length,
  }));
}
