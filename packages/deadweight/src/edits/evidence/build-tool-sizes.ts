import type { ProposedSaving } from "../../contracts/edit.ts";

// Installed sizes in bytes, without recommended packages, in Debian bookworm.
const sizes: ReadonlyMap<string, number> = new Map([
  ["build-essential", 323_000_000],
  ["g++", 267_000_000],
  ["gcc", 180_000_000],
  ["cmake", 95_600_000],
  ["python3-dev", 94_400_000],
]);

/** What is saved without these packages at least, where there is no image of them: as much as the largest takes, as they share what they need. */
export function estimatedToolSaving(names: readonly string[]): ProposedSaving {
  const bytes = Math.max(0, ...names.map((name) => sizes.get(name) ?? 0));
  const source = bytes === 0 ? "not known without the image" : "installed size of the largest of them in Debian bookworm";
  return { bytes, source };
}
