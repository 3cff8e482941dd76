/** Many short byte strings as one memory: each of its own would take some 200 bytes more, and a message copies them one by one. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  /** Where each ends; it begins where the one before it ends. */
  readonly ends: Float64Array;
}

/** None is the same as an empty one. */
export function packBytes<T>(items: readonly T[], read: (item: T) => Uint8Array | undefined): PackedBytes {
  let end = 0;
  const ends = Float64Array.from(items, (item) => (end += read(item)?.length ?? 0));
  const bytes = new Uint8Array(end);
  for (const [number, item] of items.entries()) {
    const own = read(item);
    if (own !== undefined) bytes.set(own, (ends[number] ?? 0) - own.length);
  }
  return { bytes, ends };
}

/** One of them, in the memory of all; undefined when it is empty. */
export function bytesAt({ bytes, ends }: PackedBytes, number: number): Uint8Array | undefined {
  const [start, end] = [ends[number - 1] ?? 0, ends[number] ?? 0];
  return start === end ? undefined : bytes.subarray(start, end);
}
