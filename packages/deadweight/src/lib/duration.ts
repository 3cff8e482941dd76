const factors: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds from `500ms`, `2.5s`, `10m` or `1h`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const factor = factors[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** A duration for people: `340 ms`, `2.51 s`. */
export function printDuration(durationMs: number): string {
  if (durationMs < 9.995) return `${durationMs.toFixed(2)} ms`;
  return durationMs < 999.5 ? `${durationMs.toFixed(durationMs < 99.95 ? 1 : 0)} ms` : `${(durationMs / 1000).toFixed(2)} s`;
}
