/** Many short byte strings as one memory: each of its own would take some 200 bytes more, and a message copies them one by one. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** None is the same as an empty one. What is in the list more than once, as the same object, is held once. */
export function packBytes<T>(items: readonly T[], read: (item: T) => Uint8Array | undefined): PackedBytes {
  const placeOf = new Map<Uint8Array, number>();
  const starts = new Float64Array(items.length);
  const ends = new Float64Array(items.length);
  let total = 0;
  for (const [number, item] of items.entries()) {
    const own = read(item);
    if (own === undefined) continue;
    const place = placeOf.get(own) ?? total;
    if (place === total) total += own.length;
    placeOf.set(own, place);
    starts[number] = place;
    ends[number] = place + own.length;
  }
  const bytes = new Uint8Array(total);
  for (const [own, place] of placeOf) bytes.set(own, place);
  return { bytes, starts, ends };
}

/** One of them, in the memory of all; undefined when it is empty. */
export function bytesAt({ bytes, starts, ends }: PackedBytes, number: number): Uint8Array | undefined {
  const [start, end] = [starts[number] ?? 0, ends[number] ?? 0];
  return start === end ? undefined : bytes.subarray(start, end);
}

/** The memory of all. */
export function bytesMemory({ bytes, starts, ends }: PackedBytes): ArrayBuffer[] {
  return [bytes, starts, ends].map(({ buffer }) => buffer as ArrayBuffer);
}
