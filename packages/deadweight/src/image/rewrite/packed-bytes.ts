/** Many short byte strings as one memory: each of its own would take some 200 bytes more, and a message copies them one by one. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** None is the same as an empty one. What is in the list more than once, as the same object, is held once. */
export function packBytes<T>(items: readonly T[], read: (item: T) => Uint8Array | undefined): PackedBytes {
  const placeOf = new Map<Uint8Array, number>();
  let total = 0;
  const starts = Float64Array.from(items, (item) => {
    const own = read(item) ?? none;
    const known = placeOf.get(own);
    if (known !== undefined) return known;
    placeOf.set(own, total);
    total += own.length;
    return total - own.length;
  });
  const bytes = new Uint8Array(total);
  for (const [own, place] of placeOf) bytes.set(own, place);
  return { bytes, starts, ends: starts.map((start, number) => start + (read(items[number] as T)?.length ?? 0)) };
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

const none: Uint8Array = new Uint8Array(0);
