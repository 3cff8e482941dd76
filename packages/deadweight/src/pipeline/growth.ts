import { parseBytes, printBytes } from "../lib/byte-size.ts";
import { UserError } from "../lib/user-error.ts";
import type { SizeComparison } from "../model/size-comparison.ts";

/** How much more an image may have than the one before. */
export interface GrowthLimit {
  readonly subject: "growth" | "compressed-growth";
  readonly limit: { readonly bytes: number } | { readonly percent: number };
}

/** A limit from `growth=50MB`, `growth=5%` or `compressed-growth=10MB`. Throws UserError, exit 2. */
export function parseGrowth(text: string): GrowthLimit {
  const [, subject, size = ""] = /^(growth|compressed-growth)=(.+)$/.exec(text) ?? [];
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(size)?.[1];
  const bytes = parseBytes(size);
  if ((subject === "growth" || subject === "compressed-growth") && percent !== undefined)
    return { subject, limit: { percent: Number(percent) } };
  if ((subject === "growth" || subject === "compressed-growth") && bytes !== undefined) return { subject, limit: { bytes } };
  throw new UserError("usage", `limit ${text}: not of the form growth=SIZE`, {
    hint: "write for instance growth=50MB, growth=5% or compressed-growth=20MB",
    exitCode: 2,
  });
}

/** One line for each limit that the growth passes. */
export function passedGrowth({ before, after }: SizeComparison, limits: readonly GrowthLimit[]): readonly string[] {
  return limits.flatMap(({ subject, limit }) => {
    const field = subject === "growth" ? "tarBytes" : "compressedBytes";
    const [old, now] = [before.totals[field], after.totals[field]];
    const most = "bytes" in limit ? limit.bytes : (old * limit.percent) / 100;
    if (now - old <= most) return [];
    const allowed = "bytes" in limit ? printBytes(limit.bytes) : `${limit.percent}%`;
    return [`${subject}: ${printBytes(now - old)} more (${printBytes(old)} to ${printBytes(now)}), at most ${allowed} may be`];
  });
}
