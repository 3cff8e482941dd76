/** What a terminal shows after a text, for the few sequences that live rows use; one row for each line, blank ends cut. */
export function screenOf(text: string): { rows: readonly string[]; isCursorShown: boolean } {
  const rows: string[] = [""];
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g)) {
    const up = /^\u001b\[(\d+)A$/.exec(token);
    if (up !== null) row = Math.max(0, row - Number(up[1]));
    else if (token === "\r") column = 0;
    else if (token === "\u001b[J") {
      rows.length = row + 1;
      rows[row] = (rows[row] ?? "").slice(0, column);
    } else if (token === "\u001b[?25l" || token === "\u001b[?25h") isCursorShown = token.endsWith("h");
    else if (token === "\n") {
      row++;
      column = 0;
      rows[row] ??= "";
    } else {
      if (token.startsWith("\u001b")) throw new Error(`unknown sequence ${JSON.stringify(token)}`);
      const before = (rows[row] ?? "").padEnd(column);
      rows[row] = before.slice(0, column) + token + before.slice(column + token.length);
      column += token.length;
    }
  }
  const last = rows.findLastIndex((line) => line !== "");
  return { rows: rows.slice(0, last + 1), isCursorShown };
}
