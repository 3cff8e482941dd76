/** The first few of a list in words: `a`, `a and b`, `a, b, c and 4 more`. Empty for an empty list. */
export function someOf(names: readonly string[], limit = 3): string {
  const shown = names.slice(0, limit);
  if (names.length > limit) shown.push(`${(names.length - limit).toLocaleString("en-US")} more`);
  const last = shown.pop();
  if (last === undefined) return "";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}
