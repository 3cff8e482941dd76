/** Marks that fit in one slot. */
export const marksPerSlot = 31;
/** Words that tell of a slot: its length, a count of marks, and their pairs as doubles: the input of one may pass 32 bits. */
const headerWords = 2 + 4 * marksPerSlot + 2;
const stateWords = 8;
const written = 0;
const taken = 1;
const aborted = 2;
/** The length of the slot that ends a stream. */
const endOfStream = -1;

/** How much input a part of a slot's output took. */
export interface Mark {
  readonly output: number;
  readonly input: number;
}

/** A slot of a ring: bytes in shared memory, and marks about them. Valid until it is released. */
export interface Slot {
  readonly bytes: Uint8Array;
  readonly marks: readonly Mark[];
}

/** The shared memory of a ring, for both threads. */
export interface RingMemory {
  readonly words: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** Shared memory for `slots` pieces of up to `slotBytes` bytes. */
export function createRingMemory(slots: number, slotBytes: number): RingMemory {
  return {
    words: new SharedArrayBuffer(4 * (stateWords + slots * headerWords)),
    bytes: new SharedArrayBuffer(slots * slotBytes),
    slotBytes,
  };
}

/** Thrown in a thread whose partner gave up. */
export class RingAborted extends Error {}

/**
 * A queue of byte pieces from one thread to another, in shared memory: no message, no copy and no promise for each piece. One
 * side writes, the other takes. Worker threads wait by Atomics.wait; the main thread awaits `space` first.
 */
export class Ring {
  readonly #words: Int32Array;
  /** The same memory. */
  readonly #doubles: Float64Array;
  readonly #bytes: SharedArrayBuffer;
  readonly #slotBytes: number;
  readonly #slots: number;

  constructor(memory: RingMemory) {
    this.#words = new Int32Array(memory.words);
    this.#doubles = new Float64Array(memory.words);
    this.#bytes = memory.bytes;
    this.#slotBytes = memory.slotBytes;
    this.#slots = memory.bytes.byteLength / memory.slotBytes;
  }

  /** Makes it empty for the next stream; both sides must be at rest. */
  clear(): void {
    this.#words.fill(0);
  }

  /** The next slot's whole memory, to be filled; waits for room. */
  reserve(): Uint8Array {
    for (;;) {
      this.#throwIfAborted();
      const done = Atomics.load(this.#words, taken);
      if (Atomics.load(this.#words, written) - done < this.#slots) break;
      Atomics.wait(this.#words, taken, done, 1000);
    }
    return this.#slot(Atomics.load(this.#words, written), this.#slotBytes);
  }

  /** Resolves once `reserve` would not wait: for a thread that must not block. */
  async space(): Promise<void> {
    for (;;) {
      this.#throwIfAborted();
      const done = Atomics.load(this.#words, taken);
      if (Atomics.load(this.#words, written) - done < this.#slots) return;
      const wait = Atomics.waitAsync(this.#words, taken, done, 1000);
      if (wait.async) await wait.value;
    }
  }

  /** Hands the reserved slot over, `length` bytes of it, with at most `marksPerSlot` marks. */
  commit(length: number, marks: readonly Mark[] = []): void {
    if (marks.length > marksPerSlot) throw new RangeError(`${marks.length} marks for one slot`);
    const number = Atomics.load(this.#words, written);
    const header = this.#header(number);
    this.#words[header] = length;
    this.#words[header + 1] = marks.length;
    for (const [index, mark] of marks.entries()) {
      this.#doubles[header / 2 + 1 + 2 * index] = mark.output;
      this.#doubles[header / 2 + 2 + 2 * index] = mark.input;
    }
    Atomics.add(this.#words, written, 1);
    Atomics.notify(this.#words, written);
  }

  /** The writer's last word, a slot of its own; waits for room. */
  end(): void {
    this.reserve();
    this.commit(endOfStream);
  }

  /** Either side gives up; the other's next call throws RingAborted. */
  abort(): void {
    Atomics.store(this.#words, aborted, 1);
    Atomics.notify(this.#words, written);
    Atomics.notify(this.#words, taken);
  }

  /** The next piece, waiting for it; undefined at the end. */
  take(): Slot | undefined {
    const number = Atomics.load(this.#words, taken);
    for (;;) {
      this.#throwIfAborted();
      const ready = Atomics.load(this.#words, written);
      if (ready > number) break;
      Atomics.wait(this.#words, written, ready, 1000);
    }
    const header = this.#header(number);
    if (this.#words[header] === endOfStream) return undefined;
    const marks: Mark[] = [];
    for (let index = 0; index < (this.#words[header + 1] ?? 0); index++) {
      const at = header / 2 + 1 + 2 * index;
      marks.push({ output: this.#doubles[at] ?? 0, input: this.#doubles[at + 1] ?? 0 });
    }
    return { bytes: this.#slot(number, this.#words[header] ?? 0), marks };
  }

  /** Gives the slot that was taken back to the writer. */
  release(): void {
    Atomics.add(this.#words, taken, 1);
    Atomics.notify(this.#words, taken);
  }

  #throwIfAborted(): void {
    if (Atomics.load(this.#words, aborted) === 1) throw new RingAborted("the other side gave up");
  }

  #header(number: number): number {
    return stateWords + (number % this.#slots) * headerWords;
  }

  #slot(number: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes, (number % this.#slots) * this.#slotBytes, length);
  }
}
