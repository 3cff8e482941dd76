import type { Rule } from "../contracts/rule.ts";
import { UserError } from "../lib/user-error.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { SizeComparison, Weighed } from "../model/size-comparison.ts";
import { rules } from "../rules/index.ts";
import { reportOf } from "./analyze.ts";
import { readOutcome } from "./build/records.ts";
import { compareSizes } from "./compare/compare-sizes.ts";
import type { GatedReport } from "./gate.ts";
import { loadBaseline } from "./load-baseline.ts";
import { weigh } from "./weigh.ts";
import { type FoundImage, type ImageOptions, readFacts, withSource } from "./with-facts.ts";

export interface CompareOptions extends Omit<ImageOptions, "programs" | "base"> {
  /** Bits in a second, for the time that a transfer takes. */
  readonly bitsPerSecond?: number;
  /** Files that `deadweight build` wrote: how long the images took to build. */
  readonly records?: readonly string[];
  /** Rules that are evaluated on the image after, for budgets. */
  readonly rules: readonly string[];
}

/** Two images side by side, and what budgets are held against of the one after. */
export interface Compared {
  readonly comparison: SizeComparison;
  readonly after: Weighed & GatedReport;
}

/** What BEFORE is: an image, or a file with a saved result. */
export type Baseline = { readonly image: string } | { readonly file: string };

/** Lays the bytes of two images side by side: by layer, by component, and what a pull transfers. Throws UserError. */
export async function compare(before: Baseline, after: string, options: CompareOptions): Promise<Compared> {
  const chosen = rules.filter(({ name }) => options.rules.includes(name));
  const unknown = options.rules.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown !== undefined)
    throw new UserError("unknown-rule", `rule ${JSON.stringify(unknown)}: there is none of that name`, { exitCode: 2 });
  const builds = await Promise.all((options.records ?? []).map((outcome) => readOutcome({ outcome })));
  const known = { builds, ...(options.bitsPerSecond === undefined ? {} : { bitsPerSecond: options.bitsPerSecond }) };
  const beside = (old: Weighed, layers: readonly LayerIndex[]): Promise<Compared> =>
    withSource(after, { ...options, known: layers }, async (found) => {
      const now = await weighWithRules(found, chosen, options);
      return { comparison: compareSizes(old, now, known), after: now };
    });
  if ("file" in before) return beside(await loadBaseline(before.file), []);
  return withSource(before.image, options, async (found) => {
    const { weighed, layers } = await weigh(found, options.onProgress);
    return beside(weighed, layers);
  });
}

async function weighWithRules(
  found: FoundImage,
  chosen: readonly Rule[],
  options: CompareOptions,
): Promise<Weighed & GatedReport> {
  if (chosen.length === 0) return { ...(await weigh(found, options.onProgress)).weighed, outcomes: [] };
  return reportOf((await readFacts(found, options)).facts, chosen);
}
