import type { ByteString } from "../../lib/byte-string.ts";

const mostConstants = 1000;
const marks = [".so", "/etc/", "/usr/", "/opt/", "/lib", "/bin/"] as const;
const libraryName = /^lib[\w+.-]{1,100}\.so(?:\.\d+)*$/;
const absolutePath = /^\/(?:[\w.+@:-]+\/)*[\w.+@:-]+$/;
const longest = 300;

/** Texts among the constants of a program that may be names of libraries to open, or absolute paths; none of `known`. */
export function constantsOf(bytes: Buffer, known: ReadonlySet<ByteString>): readonly ByteString[] {
  const found = new Set<ByteString>();
  for (const mark of marks) {
    for (
      let at = bytes.indexOf(mark, 0, "latin1");
      at >= 0 && found.size < mostConstants;
      at = bytes.indexOf(mark, at, "latin1")
    ) {
      const end = endOf(bytes, at);
      const text = bytes.toString("latin1", startOf(bytes, at), end);
      const isWhole = text.length < longest;
      if (isWhole && (libraryName.test(text) || absolutePath.test(text)) && !known.has(text)) found.add(text);
      at = Math.max(end, at + mark.length);
    }
  }
  return [...found];
}

/** Texts in programs stand between zeros. */
function startOf(bytes: Buffer, at: number): number {
  let start = at;
  while (start > 0 && at - start < longest && bytes[start - 1] !== 0) start--;
  return start;
}

function endOf(bytes: Buffer, at: number): number {
  let end = at;
  while (end < bytes.length && end - at < longest && bytes[end] !== 0) end++;
  return end;
}
