/** A count for people: `123,456 files`, `1 layer`. */
export function printCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${groupDigits(count)} ${count === 1 ? noun : plural}`;
}

/** A whole number with its digits in groups: `1,234,567`. */
export function groupDigits(value: number): string {
  return value.toLocaleString("en-US");
}

/** A part of a whole in per cent: `33%`, `<1%`, `0%`. */
export function printShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0%";
  const percent = Math.round((part / whole) * 100);
  return percent === 0 ? "<1%" : `${percent}%`;
}

/** The columns to lay out for: a pseudo-terminal may say 0, and nothing is legible below 40. */
export function usableColumns(columns: number): number {
  if (!Number.isFinite(columns) || columns <= 0) return 80;
  return Math.max(40, Math.floor(columns));
}
