import type { Package } from "../contracts/cataloger.ts";

/** The packages that these need, directly or not, and themselves. Names that are not installed are passed over. */
export function packageClosure(roots: Iterable<Package>, installed: ReadonlyMap<string, Package>): Set<Package> {
  const reached = new Set(roots);
  // A set's iteration goes on over what is added while it runs.
  for (const found of reached) {
    for (const name of found.requires ?? []) {
      const required = installed.get(name);
      if (required !== undefined) reached.add(required);
    }
  }
  return reached;
}
