import type { Package } from "../contracts/cataloger.ts";

/** The packages that these need, directly or not, and themselves. Names that are not installed are passed over. */
export function packageClosure<P extends Package>(roots: Iterable<P>, installed: ReadonlyMap<string, P>): Set<P> {
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
