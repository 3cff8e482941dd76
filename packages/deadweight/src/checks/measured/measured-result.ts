import type { CheckResult } from "../../contracts/check.ts";
import type { Distribution } from "../../lib/distribution.ts";
import type { MeasuredGrowth } from "../../model/measured-growth.ts";

/** How a measured quantity is told. */
export interface Quantity {
  readonly unmeasured: string | undefined;
  readonly print: (value: number) => string;
  readonly unit: "ms" | "bytes";
  /** What the candidate's 95th percentile may be at most. */
  readonly budget?: number;
}

/** The result of a measured quantity: different when it has grown beyond the noise or over its budget, not run when it can't be told. */
export function measuredResult(measured: MeasuredGrowth | undefined, { unmeasured, print, unit, budget }: Quantity): CheckResult {
  if (measured === undefined) return { verdict: "not-run", reason: unmeasured ?? "nothing was measured of both" };
  const { growth, before, after } = measured;
  const values = { before: rounded(before.median), after: rounded(after.median), unit };
  const details = [`before: ${told(before, print)}`, `after: ${told(after, print)}`];
  if (budget !== undefined && after.p95 > budget) {
    return {
      verdict: "different",
      reason: `p95 is ${print(after.p95)}, over the budget of ${print(budget)}`,
      ...values,
      details,
    };
  }
  if (growth === "grown")
    return { verdict: "different", reason: `the median has grown by ${partOf(before, after)}`, ...values, details };
  if (growth === "unclear") {
    const reason = `the median has grown by ${partOf(before, after)}, which may be noise: measure.rounds makes more of them`;
    return { verdict: "not-run", reason, ...values, details };
  }
  return {
    verdict: "same",
    reason: `p95 ${print(before.p95)}, now ${print(after.p95)}; ${before.count} and ${after.count} values`,
    ...values,
    details,
  };
}

function told({ median, p95, spread, count }: Distribution, print: Quantity["print"]): string {
  return `median ${print(median)}, p95 ${print(p95)}, spread ±${print(spread)}, ${count} values`;
}

function partOf(before: Distribution, after: Distribution): string {
  return `${Math.round((after.median / before.median - 1) * 100)} %`;
}

function rounded(value: number): number {
  return value < 1000 ? Math.round(value * 100) / 100 : Math.round(value);
}
