/** A change that can be made or left, with what it is expected to save, in bytes. */
export interface Candidate {
  readonly predictedBytes: number;
}

/** How an attempt with some of the changes ended. */
export type Attempt<Result> = { readonly result: Result } | { readonly failure: string };

/** Which changes work together. */
export interface Settled<Edit, Result> {
  readonly kept: readonly Edit[];
  readonly dropped: readonly { readonly edit: Edit; readonly reason: string }[];
  /** What the attempt with all that is kept gave; absent when nothing is kept. */
  readonly result?: Result;
  readonly attempts: number;
}

/**
 * Tries all changes at once and, when that fails, halves until those are found that fail: each alone on top of what works, the largest
 * saving first. After `most` attempts what was not tried is dropped. Whatever `attempt` throws ends it.
 */
export async function bisectEdits<Edit extends Candidate, Result>(
  edits: readonly Edit[],
  attempt: (edits: readonly Edit[]) => Promise<Attempt<Result>>,
  most: number,
): Promise<Settled<Edit, Result>> {
  let kept: readonly Edit[] = [];
  let result: { readonly result: Result } | undefined;
  let attempts = 0;
  const dropped: { edit: Edit; reason: string }[] = [];
  const waiting: (readonly Edit[])[] = [edits.toSorted((one, other) => other.predictedBytes - one.predictedBytes)];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.length === 0) continue;
    if (attempts >= most) {
      for (const edit of next) dropped.push({ edit, reason: `not tried: ${most} builds were made` });
      continue;
    }
    attempts++;
    const tried = await attempt([...kept, ...next]);
    if ("result" in tried) [kept, result] = [[...kept, ...next], tried];
    else if (next.length === 1) dropped.push(...next.map((edit) => ({ edit, reason: tried.failure })));
    else {
      const half = Math.ceil(next.length / 2);
      waiting.unshift(next.slice(0, half), next.slice(half));
    }
  }
  return { kept, dropped, ...result, attempts };
}
