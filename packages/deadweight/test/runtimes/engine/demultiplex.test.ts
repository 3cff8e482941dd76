import assert from "node:assert/strict";
import { test } from "node:test";
import { demultiplex } from "../../../src/runtimes/engine/demultiplex.ts";

function frame(type: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const stream = Buffer.concat([frame(1, "out one\n"), frame(2, "wrong\n"), frame(1, ""), frame(0, "in"), frame(1, "out two\n")]);

test("both outputs come apart, however the stream is cut", async () => {
  for (const size of [1, 3, 8, 9, 1000]) {
    const { output, errors, isCut } = await demultiplex(pieces(stream, size), 100);
    assert.deepEqual([String(output), String(errors), isCut], ["out one\nout two\n", "wrong\n", false], `pieces of ${size}`);
  }
});

test("the beginning is kept of what is too long, and it is told", async () => {
  const { output, errors, isCut } = await demultiplex(pieces(stream, 5), 10);
  assert.deepEqual([String(output), String(errors), isCut], ["out one\nou", "wrong\n", true]);
});

test("what never ends is left", async () => {
  let sent = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent++;
      yield frame(1, "x".repeat(1000));
    }
  };
  assert.equal((await demultiplex(endless(), 1000)).output.length, 1000);
  assert.ok(sent < 20, `${sent} frames`);
});

test("a frame that says 4 GB is not held, and a stream that breaks off is an error unless it was to end", async () => {
  const huge = Buffer.concat([frame(1, "ab"), Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]), Buffer.from("cd")]);
  assert.equal(String((await demultiplex(pieces(huge, 3), 100)).output), "abcd");
  const breaks = async function* (): AsyncGenerator<Uint8Array> {
    yield frame(1, "ab");
    throw new Error("broken");
  };
  await assert.rejects(demultiplex(breaks(), 100), /broken/);
  assert.equal(String((await demultiplex(breaks(), 100, () => true)).output), "ab");
});
