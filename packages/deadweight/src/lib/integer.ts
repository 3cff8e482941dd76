/** `value` when it is a whole number from 0 to 2^53 - 1, undefined otherwise: sizes are untrusted. */
export function asSize(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
