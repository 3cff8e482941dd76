/** The first few of `total` names in words: `a`, `a and b`, `a, b, c and 4 more`. Empty for an empty list. */
export function someOf(names: readonly string[], limit = 3, total: number = names.length): string {
  const shown = names.slice(0, limit);
  if (total > shown.length) shown.push(`${(total - shown.length).toLocaleString("en-US")} more`);
  const last = shown.pop();
  if (last === undefined) return "";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}
