import { byteStringOf, type ByteString } from "../../lib/byte-string.ts";

/** The lines of a text file as byte strings, without their ends; a last line without an end counts. */
export function* linesOf(bytes: Uint8Array): Generator<ByteString> {
  const text = byteStringOf(bytes);
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}
