import type { Mark } from "../lib/ring.ts";

/**
 * What the parts of a layer cost in its blob: how far the decompressor had read when it had written so much, at about every
 * 64 KiB of output, in between in proportion. Both ends are exact, so the costs of all spans add up to the blob's size.
 */
export class CompressedCost {
  #outputs = new Float64Array(1024);
  #inputs = new Float64Array(1024);
  #count = 0;

  /** Adds what one more run of the decompressor made and took. */
  add(mark: Mark): void {
    if (this.#count === this.#outputs.length) this.#grow();
    this.#outputs[this.#count] = (this.#outputs[this.#count - 1] ?? 0) + mark.output;
    this.#inputs[this.#count] = (this.#inputs[this.#count - 1] ?? 0) + mark.input;
    this.#count++;
  }

  /** Bytes of the blob before each border, borders ascending; what the blob has after its last output belongs to the last span. */
  at(borders: Float64Array, tarBytes: number, compressedBytes: number): Float64Array {
    const costs = new Float64Array(borders.length);
    let segment = 0;
    for (const [index, border] of borders.entries()) {
      while (segment < this.#count && (this.#outputs[segment] ?? 0) < border) segment++;
      // An empty layer has one border that is both its beginning and its end: all of its blob comes after it.
      costs[index] = border > 0 && border >= tarBytes ? compressedBytes : this.#between(segment, border);
    }
    return costs;
  }

  #between(segment: number, border: number): number {
    const outputStart = this.#outputs[segment - 1] ?? 0;
    const inputStart = this.#inputs[segment - 1] ?? 0;
    const output = (this.#outputs[segment] ?? outputStart) - outputStart;
    const input = (this.#inputs[segment] ?? inputStart) - inputStart;
    return Math.floor(inputStart + (output === 0 ? 0 : (input * (border - outputStart)) / output));
  }

  #grow(): void {
    const outputs = new Float64Array(this.#count * 2);
    const inputs = new Float64Array(this.#count * 2);
    outputs.set(this.#outputs);
    inputs.set(this.#inputs);
    this.#outputs = outputs;
    this.#inputs = inputs;
  }
}
