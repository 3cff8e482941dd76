import type { Optimization } from "../../model/optimization.ts";

/** What one transform did, summed up. */
export interface FreedByTransform {
  readonly transform: string;
  readonly entries: number;
  /** Uncompressed bytes that went; less than none when entries grew. */
  readonly bytes: number;
  /** The reason of the change that freed the most. */
  readonly reason: string;
}

/** The changes by transform, the most bytes first. */
export function freedByTransform({ changes }: Optimization): readonly FreedByTransform[] {
  const groups = Map.groupBy(changes, ({ transform }) => transform);
  const rows = [...groups].map(([transform, group]): FreedByTransform => {
    const freed = group.map(({ bytesBefore, bytesAfter }) => bytesBefore - bytesAfter);
    const most = freed.reduce((best, bytes, index) => (bytes > (freed[best] ?? 0) ? index : best), 0);
    return {
      transform,
      entries: group.length,
      bytes: freed.reduce((sum, bytes) => sum + bytes, 0),
      reason: group[most]?.reason ?? "",
    };
  });
  return rows.sort((one, other) => other.bytes - one.bytes || (one.transform < other.transform ? -1 : 1));
}
