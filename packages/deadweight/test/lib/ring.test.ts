import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createRingMemory, marksPerSlot, Ring, RingAborted, type RingMemory } from "../../src/lib/ring.ts";
import type { RingOutcome, RingThread } from "../support/ring-thread.ts";

async function inThread(work: RingThread): Promise<RingOutcome> {
  const thread = new Worker(new URL("../support/ring-thread.ts", import.meta.url), { workerData: work });
  const [outcome] = (await once(thread, "message")) as [RingOutcome];
  return outcome;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const fill = (slot: Uint8Array, content: string): number => Buffer.from(slot.buffer, slot.byteOffset).write(content);

function ringOf(slots: number, slotBytes = 16): Ring {
  return new Ring(createRingMemory(slots, slotBytes));
}

test("pieces come out in order, with their marks, as long as there is room", () => {
  const ring = ringOf(2);
  for (let turn = 0; turn < 5; turn++) {
    ring.commit(fill(ring.reserve(), `a${turn}`), [
      { output: 1, input: 2 },
      { output: 3, input: 4 },
    ]);
    ring.commit(fill(ring.reserve(), `b${turn}`));
    const first = ring.take();
    assert.equal(text(first?.bytes ?? new Uint8Array(0)), `a${turn}`);
    assert.deepEqual(first?.marks, [
      { output: 1, input: 2 },
      { output: 3, input: 4 },
    ]);
    ring.release();
    const second = ring.take();
    assert.deepEqual([text(second?.bytes ?? new Uint8Array(0)), second?.marks], [`b${turn}`, []]);
    ring.release();
  }
});

test("an empty piece is a piece; the end is none", () => {
  const ring = ringOf(4);
  ring.reserve();
  ring.commit(0);
  ring.end();
  assert.deepEqual(ring.take()?.bytes, new Uint8Array(0));
  ring.release();
  assert.equal(ring.take(), undefined);
});

test("marks hold numbers beyond 32 bits: a blob may have gigabytes that make no output", () => {
  const ring = ringOf(1);
  const marks = Array.from({ length: marksPerSlot }, (_, index) => ({ output: index, input: 2 ** 40 + index }));
  ring.reserve();
  ring.commit(1, marks);
  assert.deepEqual(ring.take()?.marks, marks);
  assert.throws(() => ring.commit(1, [...marks, { output: 1, input: 1 }]), RangeError);
});

test("after an abort each call of either side throws, until it is cleared", async () => {
  const ring = ringOf(1);
  ring.abort();
  assert.throws(() => ring.reserve(), RingAborted);
  assert.throws(() => ring.take(), RingAborted);
  assert.throws(() => ring.end(), RingAborted);
  await assert.rejects(ring.space(), RingAborted);
  ring.clear();
  ring.commit(fill(ring.reserve(), "again"));
  assert.equal(text(ring.take()?.bytes ?? new Uint8Array(0)), "again");
});

test("space resolves when a piece is released, and throws when the other side gives up", async () => {
  const ring = ringOf(1);
  await ring.space();
  ring.reserve();
  ring.commit(1);
  let isFree = false;
  const wait = async (): Promise<void> => {
    await ring.space();
    isFree = true;
  };
  const waiting = wait();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isFree, false);
  ring.take();
  ring.release();
  await waiting;
  ring.reserve();
  ring.commit(1);
  const refused = assert.rejects(ring.space(), RingAborted);
  ring.abort();
  await refused;
});

for (const [slots, slotBytes] of [
  [1, 64],
  [2, 1],
  [8, 4096],
] as const) {
  test(`two threads: ${slots} slots of ${slotBytes} bytes carry thousands of pieces unchanged`, async () => {
    const memory: RingMemory = createRingMemory(slots, slotBytes);
    const [sent, got] = await Promise.all([
      inThread({ memory, role: "write", pieces: 3000 }),
      inThread({ memory, role: "take", pieces: 3000 }),
    ]);
    assert.equal(sent.end, "end");
    assert.deepEqual(got, sent);
    assert.equal(got.pieces, 3000);
  });
}

test("two threads: when one gives up the other ends, waiting or not", async () => {
  for (const abortAfter of [0, 1, 50]) {
    const forWriter = createRingMemory(2, 64);
    const [writer, taker] = await Promise.all([
      inThread({ memory: forWriter, role: "write", pieces: 1000, abortAfter }),
      inThread({ memory: forWriter, role: "take", pieces: 1000 }),
    ]);
    assert.deepEqual([writer.end, taker.end], ["gave-up", "aborted"]);
    const forTaker = createRingMemory(2, 64);
    const ends = await Promise.all([
      inThread({ memory: forTaker, role: "write", pieces: 1000 }),
      inThread({ memory: forTaker, role: "take", pieces: 1000, abortAfter }),
    ]);
    assert.deepEqual(
      ends.map(({ end }) => end),
      ["aborted", "gave-up"],
    );
  }
});
