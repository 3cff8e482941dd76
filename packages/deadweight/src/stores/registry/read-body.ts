import { UserError } from "../../lib/user-error.ts";
import type { Answer } from "./transport.ts";

/** A whole body of at most `limit` bytes. Throws UserError `limit`, named after `what`, as soon as it is known to be larger. */
export async function readBody(answer: Answer, limit: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = Number(answer.header("content-length")[0] ?? 0);
  if (size <= limit) {
    size = 0;
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  }
  if (size <= limit) return Buffer.concat(chunks);
  await answer.discard();
  throw new UserError("limit", `${what}: has more than ${limit} bytes`);
}
