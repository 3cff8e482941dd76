import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sentMemory, verifiedBytes, writtenMemory, type PieceMemory } from "../../../src/stores/write/verified-bytes.ts";
import { sha256 } from "../../support/archived-image.ts";
import { noise } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const content = noise(5_000_001);

/** The pieces of a file as they are when so many more were asked for, and how many memories they have. */
async function late(after: number, memory: PieceMemory): Promise<{ readonly seen: Buffer; readonly memories: number }> {
  const path = join(temporaryFolder(), "blob");
  writeFileSync(path, Buffer.concat([Buffer.from("head"), content]));
  const descriptor = { mediaType: "x", digest: `sha256:${sha256(content)}`, size: content.length };
  const bytes = { kind: "file", path, offset: 4, size: content.length } as const;
  const held: Uint8Array[] = [];
  const seen: Buffer[] = [];
  const memories = new Set<ArrayBufferLike>();
  for await (const piece of verifiedBytes({ descriptor, bytes }, new AbortController().signal, memory)) {
    held.push(piece);
    memories.add(piece.buffer);
    if (held.length > after) seen.push(Buffer.from(held.shift() ?? new Uint8Array(0)));
  }
  return { seen: Buffer.concat([...seen, ...held]), memories: memories.size };
}

test("pieces are valid as long as is asked for, and their memory is used again then", async () => {
  const written = await late(0, writtenMemory);
  assert.ok(written.seen.equals(content));
  assert.equal(written.memories, 2);
  const sent = await late(2, sentMemory);
  assert.ok(sent.seen.equals(content));
  assert.equal(sent.memories, 4);
  const whole = await late(100, {});
  assert.ok(whole.seen.equals(content));
  assert.equal(whole.memories, 10);
});
