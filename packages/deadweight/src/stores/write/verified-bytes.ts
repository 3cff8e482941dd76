import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { OutgoingBlob } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { BlobBytes } from "../../model/image.ts";
import { fileError } from "../../lib/file-error.ts";

type FilePart = Extract<BlobBytes, { kind: "file" }>;

const pieceBytes = 512 * 1024;

/**
 * The bytes of a blob, in pieces that stay as they are. Throws UserError `digest-mismatch` at the end, or as soon as there are too
 * many of them, when they are not those of its descriptor.
 */
export async function* verifiedBytes({ descriptor, bytes }: OutgoingBlob, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const what = `blob ${digest}`;
  const algorithm = digest.slice(0, digest.indexOf(":"));
  const hash = createHash(algorithm);
  let done = 0;
  for await (const piece of bytes.kind === "file" ? partOfFile(bytes, what) : bytes.open()) {
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
 * The bytes of a part of a file. Each piece has memory of its own, since a socket keeps what it could not send yet; the next is read
 * meanwhile. It may end early. Throws UserError, beginning with `what`.
 */
export async function* partOfFile({ path, offset, size }: FilePart, what: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, `${what}, in ${path}`);
  });
  const read = async (at: number): Promise<Uint8Array> => {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, offset + at);
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
