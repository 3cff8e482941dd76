/** The last part of a stream of bytes, addressed by place in the stream; what was let go is overwritten as room is needed. */
export class SlidingBytes {
  #bytes: Uint8Array;
  #base = 0;
  #used = 0;
  #keptFrom = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The place of the first byte that is still there. */
  get start(): number {
    return this.#keptFrom;
  }

  /** The place behind the last byte. */
  get end(): number {
    return this.#base + this.#used;
  }

  /** Free memory behind the last byte, at least `length`; `commit` what was written there. Earlier views go stale. */
  room(length: number): Uint8Array {
    if (this.#bytes.length - this.#used < length) this.#makeRoom(length);
    return this.#bytes.subarray(this.#used);
  }

  commit(length: number): void {
    this.#used += length;
  }

  append(piece: Uint8Array): void {
    this.room(piece.length).set(piece);
    this.#used += piece.length;
  }

  /** The bytes from one place up to another, both still there; until the next `room`. */
  view(from: number, to: number): Uint8Array {
    if (from < this.#keptFrom || to > this.end)
      throw new RangeError(`${from} to ${to} is outside ${this.#keptFrom} to ${this.end}`);
    return this.#bytes.subarray(from - this.#base, to - this.#base);
  }

  /** Lets go of everything before a place. */
  dropBefore(place: number): void {
    this.#keptFrom = Math.max(this.#keptFrom, place);
  }

  #makeRoom(length: number): void {
    const dead = this.#keptFrom - this.#base;
    const live = this.#used - dead;
    // At most half is live after this, so that moving it costs no more than what was written since.
    let capacity = this.#bytes.length;
    while (capacity < 2 * live || capacity - live < length) capacity *= 2;
    const bytes = capacity === this.#bytes.length ? this.#bytes : new Uint8Array(capacity);
    bytes.set(this.#bytes.subarray(dead, this.#used));
    this.#bytes = bytes;
    this.#base = this.#keptFrom;
    this.#used = live;
  }
}
