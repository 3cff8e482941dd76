// Layout: dpkg's lists have an absolute path in each line, md5sums a sum, two characters and a path. RECORD of a Python
// distribution is CSV: the path first, in quotes where it has a comma or a quote, which is doubled then.
import type { ByteString } from "../../lib/byte-string.ts";

/** A text without the lines whose paths are gone; undefined when there are none. All other bytes stay. */
export function keepLines(text: ByteString, isGone: (line: ByteString) => boolean): ByteString | undefined {
  const kept: ByteString[] = [];
  let isShorter = false;
  for (const line of linesOf(text)) {
    if (isGone(line.trimEnd())) isShorter = true;
    else kept.push(line);
  }
  return isShorter ? kept.join("") : undefined;
}

/** The path of a line of md5sums; empty where the line is none. */
export function summedPath(line: ByteString): ByteString {
  return /^[0-9a-f]{32} [ *](.+)$/.exec(line)?.[1] ?? "";
}

/** The path of a line of a RECORD; empty where a quote is not closed, as of a name with a line feed. */
export function recordedPath(line: ByteString): ByteString {
  if (!line.startsWith('"')) return line.replace(/,.*$/, "");
  return /^"((?:[^"]|"")*)"(?:,|$)/.exec(line)?.[1]?.replaceAll('""', '"') ?? "";
}

function* linesOf(text: ByteString): Generator<ByteString> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found + 1;
    yield text.slice(start, end);
    start = end;
  }
}
