import type { OptimizeOptions } from "../index.ts";
import { UserError } from "../lib/user-error.ts";

type Compression = OptimizeOptions["compression"];

/** Levels that each kind takes and its usual one: zlib's, and zstd's without those that need more memory to unpack. */
const kinds = {
  gzip: { least: 1, most: 9, usual: 6 },
  zstd: { least: 1, most: 19, usual: 3 },
  none: { least: 0, most: 0, usual: 0 },
} as const;

/** A compression from `gzip`, `zstd:9` or `none`; absent, layers stay compressed as they are. Throws UserError, exit 2. */
export function parseCompression(text: string | undefined): Compression {
  if (text === undefined || text === "keep") return "keep";
  const [, name, digits] = /^(gzip|zstd|none)(?::(\d{1,2}))?$/.exec(text) ?? [];
  if (name !== "gzip" && name !== "zstd" && name !== "none") {
    throw usage(`compression ${text}: none of that name`, "write gzip, zstd or none, for instance zstd:9");
  }
  const { least, most, usual } = kinds[name];
  const level = digits === undefined ? usual : Number(digits);
  if (level >= least && level <= most && !(name === "none" && digits !== undefined)) return { kind: name, level };
  throw usage(
    `compression ${text}: no such level`,
    name === "none" ? "write none alone" : `levels of ${name} are ${least} to ${most}`,
  );
}

function usage(message: string, hint: string): UserError {
  return new UserError("usage", message, { hint, exitCode: 2 });
}
