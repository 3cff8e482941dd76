import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { Ring, RingAborted, type RingMemory } from "../../src/lib/ring.ts";
import { seededRandom } from "./random.ts";

/** What a test thread does with its end of a ring; `give-up` after some pieces. */
export interface RingThread {
  readonly memory: RingMemory;
  readonly role: "write" | "take";
  readonly pieces: number;
  readonly abortAfter?: number;
}

/** What it did: pieces and bytes, their hash and the marks' sums, and how it ended. */
export interface RingOutcome {
  readonly pieces: number;
  readonly sha256: string;
  readonly output: number;
  readonly input: number;
  readonly end: "end" | "aborted" | "gave-up";
}

const { memory, role, pieces, abortAfter } = workerData as RingThread;
const ring = new Ring(memory);
const hash = createHash("sha256");
let done = 0;
let output = 0;
let input = 0;

parentPort?.postMessage(outcome(), []);

function outcome(): RingOutcome {
  const end = attempt();
  return { pieces: done, sha256: hash.digest("hex"), output, input, end };
}

function attempt(): RingOutcome["end"] {
  try {
    return role === "write" ? write() : take();
  } catch (error) {
    if (error instanceof RingAborted) return "aborted";
    throw error;
  }
}

function write(): RingOutcome["end"] {
  const random = seededRandom(1);
  for (; done < pieces; done++) {
    if (done === abortAfter) return giveUp();
    const slot = ring.reserve();
    const length = Math.floor(random() * (slot.length + 1));
    for (let at = 0; at < length; at++) slot[at] = random() * 256;
    hash.update(slot.subarray(0, length));
    const marks = Array.from({ length: done % 29 }, (_, index) => ({ output: index + done, input: index * 1_000_000_007 }));
    for (const mark of marks) {
      output += mark.output;
      input += mark.input;
    }
    ring.commit(length, marks);
  }
  ring.end();
  return "end";
}

function take(): RingOutcome["end"] {
  for (let slot = ring.take(); slot !== undefined; slot = ring.take()) {
    if (done === abortAfter) return giveUp();
    hash.update(slot.bytes);
    for (const mark of slot.marks) {
      output += mark.output;
      input += mark.input;
    }
    done++;
    ring.release();
  }
  return "end";
}

function giveUp(): RingOutcome["end"] {
  ring.abort();
  return "gave-up";
}
