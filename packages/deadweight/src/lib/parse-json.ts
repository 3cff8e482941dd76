import { UserError } from "./user-error.ts";

/** Deepest nesting of arrays and objects that untrusted JSON may have: manifests and configs need less than ten. */
const maxJsonDepth = 64;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** The value of untrusted JSON. Throws UserError `unreadable`, which begins with `what`, for bad UTF-8, bad JSON and nesting over 64. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  // JSON.parse takes a depth of 100,000, which JSON.stringify and recursive readers then fail on with a RangeError.
  if (depthOf(bytes) > maxJsonDepth) throw new UserError("unreadable", `${what}: JSON nested deeper than ${maxJsonDepth}`);
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch (error) {
    throw new UserError("unreadable", `${what}: no valid JSON`, { cause: error });
  }
}

/** `value` when it is a JSON object, undefined otherwise. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) at = endOfString(bytes, at);
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

/** Offset of the quote that closes the string opened at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}
