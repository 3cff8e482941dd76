import type { Replacement, SourceRange } from "../model/dockerfile.ts";

/** A piece of an edited text: what was there from the start, with its first offset, or what changes put in. */
export interface TextPiece {
  readonly text: string;
  readonly origin?: number;
  /** Numbers of the changes that made it; of what they only took out, the piece is empty. */
  readonly changes: readonly number[];
}

/** A replacement that one change makes. */
export interface NumberedReplacement extends Replacement {
  readonly change: number;
}

/** The pieces once ascending replacements of the text that they make are done. */
export function editPieces(pieces: readonly TextPiece[], replacements: readonly NumberedReplacement[]): readonly TextPiece[] {
  const result: TextPiece[] = [];
  let rest = pieces;
  let at = 0;
  for (const { start, end, text, change } of replacements) {
    const [before, after] = splitAt(rest, start - at);
    const [dropped, kept] = splitAt(after, end - start);
    const changes = [...new Set([...dropped.flatMap((piece) => piece.changes), change])];
    result.push(...before, { text, changes });
    rest = kept;
    at = end;
  }
  return [...result, ...rest];
}

function splitAt(pieces: readonly TextPiece[], offset: number): readonly [readonly TextPiece[], readonly TextPiece[]] {
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (at + piece.text.length < offset) {
      at += piece.text.length;
      continue;
    }
    const cut = offset - at;
    if (cut === piece.text.length) return [pieces.slice(0, index + 1), pieces.slice(index + 1)];
    if (cut === 0) return [pieces.slice(0, index), pieces.slice(index)];
    const tail = { ...piece, text: piece.text.slice(cut), ...(piece.origin === undefined ? {} : { origin: piece.origin + cut }) };
    return [
      [...pieces.slice(0, index), { ...piece, text: piece.text.slice(0, cut) }],
      [tail, ...pieces.slice(index + 1)],
    ];
  }
  return [pieces, []];
}

/** The text that the pieces make. */
export function textOfPieces(pieces: readonly TextPiece[]): string {
  return pieces.map(({ text }) => text).join("");
}

/** Where the first character of a range that was there from the start stood then; undefined when all of it was put in. */
export function firstOrigin(pieces: readonly TextPiece[], range: SourceRange): number | undefined {
  let at = 0;
  for (const { text, origin } of pieces) {
    const end = at + text.length;
    if (end > range.start && at < range.end && origin !== undefined) return origin + Math.max(0, range.start - at);
    at = end;
  }
  return undefined;
}

/** All changes as ascending replacements of the text as it was, of `length` characters, with the numbers of their changes. */
export function replacementsOf(
  pieces: readonly TextPiece[],
  length: number,
): readonly (Replacement & { readonly changes: readonly number[] })[] {
  const found: (Replacement & { readonly changes: readonly number[] })[] = [];
  let last = 0;
  let text = "";
  let changes: readonly number[] = [];
  for (const piece of [...pieces, { text: "", origin: length, changes: [] }]) {
    if (piece.origin === undefined) {
      text += piece.text;
      changes = [...new Set([...changes, ...piece.changes])];
      continue;
    }
    if (text !== "" || piece.origin > last) found.push({ start: last, end: piece.origin, text, changes });
    last = piece.origin + piece.text.length;
    text = "";
    changes = [];
  }
  return found;
}
