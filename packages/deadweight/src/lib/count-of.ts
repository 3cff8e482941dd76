/** A count with its noun, for messages: `1 file`, `1,204 files`. The plural is the noun with an `s` unless given. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}
