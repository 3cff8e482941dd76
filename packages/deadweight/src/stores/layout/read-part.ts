import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Digest } from "../../model/digest.ts";
import { UserError } from "../../lib/user-error.ts";
import { fileError } from "../../lib/file-error.ts";
import type { FilePart } from "./layout-files.ts";

const chunkBytes = 1024 * 1024;

/** All bytes of a part of a file. Throws UserError `unreadable`, beginning with `what`, when it is larger than `maxBytes`. */
export async function readPart(part: FilePart, maxBytes: number, what: string): Promise<Uint8Array> {
  if (part.size > maxBytes) throw new UserError("unreadable", `${what}: ${part.size} bytes, more than the limit of ${maxBytes}`);
  const bytes = new Uint8Array(part.size);
  let done = 0;
  for await (const piece of partChunks(part, what)) {
    bytes.set(piece, done);
    done += piece.length;
  }
  return bytes;
}

/** sha256 or sha512 of a part of a file, as a digest of the same algorithm as `like`. */
export async function digestOfPart(part: FilePart, like: Digest, what: string): Promise<Digest> {
  const algorithm = like.slice(0, like.indexOf(":"));
  const hash = createHash(algorithm);
  for await (const piece of partChunks(part, what)) hash.update(piece);
  return `${algorithm}:${hash.digest("hex")}`;
}

/** The bytes of a part in order; each piece is valid until the next is asked for. */
async function* partChunks(part: FilePart, what: string): AsyncGenerator<Uint8Array> {
  const file = await open(part.path, "r").catch((error: unknown) => {
    throw fileError(error, what);
  });
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, part.size));
    for (let done = 0; done < part.size;) {
      const wanted = Math.min(buffer.length, part.size - done);
      const { bytesRead } = await file.read(buffer, 0, wanted, part.offset + done);
      if (bytesRead === 0) throw new UserError("unreadable", `${what}: ends after ${done} of ${part.size} bytes`);
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
