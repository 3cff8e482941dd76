import { parseBitRate } from "../lib/bit-rate.ts";
import { UserError } from "../lib/user-error.ts";

/** Bits in a second, of `--bandwidth`; undefined when it was not given. Throws UserError `usage`. */
export function bandwidthOf(text: string | undefined): number | undefined {
  const rate = text === undefined ? undefined : parseBitRate(text);
  if (text === undefined || rate !== undefined) return rate;
  throw new UserError("usage", `bandwidth ${text}: no rate`, {
    hint: "write for instance 100mbit, 1gbit or 12.5MB/s",
    exitCode: 2,
  });
}
