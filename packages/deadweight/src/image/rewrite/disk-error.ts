import { UserError } from "../../lib/user-error.ts";

/** A full disk as UserError `no-space`; any other error as it is. */
export function diskError(error: unknown, path: string, bytes: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new UserError("no-space", `${path}: the disk for temporary files is full, ${bytes} bytes were to be written`, {
    cause: error,
    hint: "set TMPDIR to a folder on a disk with more room",
  });
}
