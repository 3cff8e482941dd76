import type { Facts } from "../contracts/fact.ts";
import { UserError } from "../lib/user-error.ts";
import type { Report } from "../model/report.ts";
import type { SizeComparison, Weighed } from "../model/size-comparison.ts";
import { rules } from "../rules/index.ts";
import { reportOf } from "./analyze.ts";
import { compareSizes } from "./compare/compare-sizes.ts";
import { loadBaseline } from "./load-baseline.ts";
import { type ImageOptions, withFacts } from "./with-facts.ts";

export interface CompareOptions extends Omit<ImageOptions, "programs" | "base"> {
  /** Bits in a second, for the time that a transfer takes. */
  readonly bitsPerSecond?: number;
  /** Rules that are evaluated on the image after, for budgets. */
  readonly rules: readonly string[];
}

/** Two images side by side, and the report on the one after, for its budgets. */
export interface Compared {
  readonly comparison: SizeComparison;
  readonly after: Report;
}

/** What BEFORE is: an image, or a file with a saved result. */
export type Baseline = { readonly image: string } | { readonly file: string };

/** Lays the bytes of two images side by side: by layer, by component, and what a pull transfers. Throws UserError. */
export async function compare(before: Baseline, after: string, options: CompareOptions): Promise<Compared> {
  const chosen = rules.filter(({ name }) => options.rules.includes(name));
  const unknown = options.rules.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown !== undefined)
    throw new UserError("unknown-rule", `rule ${JSON.stringify(unknown)}: there is none of that name`, { exitCode: 2 });
  const weighed = (old: Weighed, known: Facts["layers"]): Promise<Compared> =>
    withFacts(after, { ...options, known }, ({ facts }) => {
      const now = reportOf(facts, chosen);
      return { comparison: compareSizes(old, now, options.bitsPerSecond), after: now };
    });
  return "file" in before
    ? weighed(await loadBaseline(before.file), [])
    : withFacts(before.image, options, ({ facts }) => weighed(reportOf(facts, []), facts.layers));
}
