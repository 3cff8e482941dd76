// Controls, formats (bidi among them), separators, lone surrogates, all that a terminal shows as nothing (UAX 44, UTS 39), and
// marks piled on one letter: more than four take no column but cover the lines above.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]|(?<=\p{M}{4})\p{M}/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A text that can't move the cursor, colour the terminal, reorder or hide other text: control, bidi, zero-width and other
 * invisible characters and piled marks are written as `\n`, `\x1b` or `\u{202e}`. One line stays one line.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

/**
 * What JSON.stringify gave, with DEL, C1, bidi and invisible characters escaped as well: a terminal obeys some of them. They stand
 * in strings alone, so the value is the same.
 */
export function printableJson(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    character === "\n" ? character : escapedUnits(character),
  );
}

/** One escape for each UTF-16 unit, as JSON has it. */
function escapedUnits(character: string): string {
  const units = character.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return units.map((unit) => `\\u${unit}`).join("");
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // `\x80` and above is how textOf writes a byte of a name that is no UTF-8.
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
