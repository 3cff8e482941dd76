import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { OutgoingBlob } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { BlobBytes } from "../../model/image.ts";
import { fileError } from "../../lib/file-error.ts";

type FilePart = Extract<BlobBytes, { kind: "file" }>;

const pieceBytes = 512 * 1024;

/** How long pieces of a file are valid. */
export interface PieceMemory {
  /** Until so many more were asked for: who is done with them then has no memory to collect. As long as they are held, when absent. */
  readonly reusedAfter?: number;
}

/**
 * For who sends pieces over a socket and asks for the next when all is sent: what was given to the socket may still be there when the next
 * is read, never when the one after that is.
 */
export const sentMemory: PieceMemory = { reusedAfter: 3 };

/** For who writes each piece to a file before the next is asked for. */
export const writtenMemory: PieceMemory = { reusedAfter: 1 };

/**
 * The bytes of a blob, in pieces that stay as they are, or as long as is asked for. Throws UserError `digest-mismatch` at the end, or as
 * soon as there are too many of them, when they are not those of its descriptor.
 */
export async function* verifiedBytes(
  { descriptor, bytes }: OutgoingBlob,
  signal: AbortSignal,
  memory: PieceMemory = {},
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const what = `blob ${digest}`;
  const algorithm = digest.slice(0, digest.indexOf(":"));
  const hash = createHash(algorithm);
  let done = 0;
  for await (const piece of bytes.kind === "file" ? partOfFile(bytes, what, memory) : bytes.open()) {
    signal.throwIfAborted();
    done += piece.length;
    if (done > size) throw wrongSize(what, size, "more");
    hash.update(piece);
    yield piece;
  }
  if (done !== size) throw wrongSize(what, size, done);
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (actual !== digest) throw new UserError("digest-mismatch", `${what}: the source gives ${actual}`, { hint });
}

const hint = "the source is damaged, or changed while it was read: check it, and try again";

function wrongSize(what: string, size: number, actual: number | "more"): UserError {
  return new UserError("digest-mismatch", `${what}: ${size} bytes were promised, the source gives ${actual}`, { hint });
}

/**
 * The bytes of a part of a file; the next piece is read while one is used. It may end early. Throws UserError, beginning with
 * `what`.
 */
export async function* partOfFile(
  { path, offset, size }: FilePart,
  what: string,
  { reusedAfter }: PieceMemory = {},
): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, `${what}, in ${path}`);
  });
  const used: Buffer[] = [];
  const read = async (at: number): Promise<Uint8Array> => {
    const spare = reusedAfter !== undefined && used.length > reusedAfter ? used.shift() : undefined;
    const piece = spare ?? Buffer.allocUnsafe(Math.min(pieceBytes, size));
    used.push(piece);
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, size - at), offset + at);
    return piece.subarray(0, bytesRead);
  };
  let next: Promise<Uint8Array> | undefined;
  try {
    next = size > 0 ? read(0) : undefined;
    for (let done = 0; next !== undefined;) {
      const piece: Uint8Array = await next;
      if (piece.length === 0) return;
      done += piece.length;
      next = done < size ? read(done) : undefined;
      // Whoever stops early leaves it unawaited.
      next?.catch(() => undefined);
      yield piece;
    }
  } catch (error) {
    throw fileError(error, `${what}, in ${path}`);
  } finally {
    await next?.catch(() => undefined);
    await file.close();
  }
}
