import { UserError } from "../../lib/user-error.ts";
import type { Patience } from "./patience.ts";
import { TransientFailure } from "./patience.ts";
import type { Answer } from "./transport.ts";

/** A blob to fetch, and how patiently. */
export interface BlobRequest {
  /** What begins the messages of errors. */
  readonly what: string;
  /** The size that the manifest gives. */
  readonly size: number;
  readonly get: (headers: Readonly<Record<string, string>>) => Promise<Answer>;
  readonly patience: Patience;
}

/**
 * The bytes of a blob, each once and in order, however often the connection breaks: what is missing is asked for with Range.
 * Throws UserError `unreadable` when the size is not the manifest's, `unreachable` when patience ends without a further byte.
 */
export async function* readBlob({ what, size, get, patience }: BlobRequest): AsyncGenerator<Uint8Array> {
  let received = 0;
  let tag: string | undefined;
  for (let isWhole = false; !isWhole;) {
    try {
      const answer = await get(rangeHeaders(received, tag));
      tag = strongTag(answer);
      for await (const chunk of missingBytes(answer, received, size, what)) {
        received += chunk.length;
        patience.progressed();
        yield chunk;
      }
      isWhole = true;
    } catch (error) {
      await patience.failed(error);
    }
  }
}

function rangeHeaders(received: number, tag: string | undefined): Readonly<Record<string, string>> {
  if (received === 0) return {};
  return { range: `bytes=${received}-`, ...(tag === undefined ? {} : { "if-range": tag }) };
}

/** If-Range takes no weak tag: RFC 9110, 13.1.5. */
function strongTag(answer: Answer): string | undefined {
  return answer.header("etag").find((tag) => /^"[\x21\x23-\x7e]*"$/.test(tag));
}

/** The part of an answer from `received` on: all of a 206, the rest of a 200 to a server that knows no ranges. */
async function* missingBytes(answer: Answer, received: number, size: number, what: string): AsyncGenerator<Uint8Array> {
  try {
    let at = startOf(answer, received, size, what);
    for await (const chunk of answer.body) {
      const end = at + chunk.length;
      if (end > size) throw wrongSize(what, size, "more");
      if (end > received) yield chunk.subarray(Math.max(0, received - at));
      at = end;
    }
    if (at < size) throw endedEarly(answer, at, size, what);
  } finally {
    await answer.discard();
  }
}

/** A chunked body says where it ends; one that ends with the connection may have been cut. */
function endedEarly(answer: Answer, at: number, size: number, what: string): Error {
  const isCertain = answer.header("transfer-encoding").length > 0;
  return isCertain ? wrongSize(what, size, at) : new TransientFailure("the connection ended early");
}

/** Where in the blob an answer begins. A body of another length than is missing is refused before it is read. */
function startOf(answer: Answer, received: number, size: number, what: string): number {
  const start = answer.status === 206 ? rangeStart(answer, received, size, what) : 0;
  const length = answer.header("content-length")[0];
  if (length !== undefined && Number(length) !== size - start) throw wrongSize(what, size, start + Number(length));
  return start;
}

function rangeStart(answer: Answer, received: number, size: number, what: string): number {
  const range = answer.header("content-range")[0] ?? "none";
  const expected = [`bytes ${received}-${size - 1}/${size}`, `bytes ${received}-${size - 1}/*`];
  if (received > 0 && expected.includes(range)) return received;
  const shown = /^[\x20-\x7e]{1,80}$/.test(range) ? range : "something else";
  throw new UserError("unreadable", `${what}: asked for the bytes from ${received} of ${size}, got ${shown}`);
}

function wrongSize(what: string, size: number, actual: number | "more"): UserError {
  return new UserError("unreadable", `${what}: the manifest gives ${size} bytes, the registry has ${actual}`);
}
