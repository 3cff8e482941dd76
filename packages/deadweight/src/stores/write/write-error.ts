import { printBytes } from "../../lib/byte-size.ts";
import { UserError } from "../../lib/user-error.ts";

/** What is written, where, and how much of it there is. */
export interface WriteTask {
  /** What error messages begin with. */
  readonly place: string;
  /** The folder that takes it. */
  readonly folder: string;
  /** Bytes that it needs at least. */
  readonly needed: number;
}

/** A failure of the file system while writing as a UserError `no-space` or `unwritable` that says what to do; any other error as it is. */
export function writeError(error: unknown, { place, folder, needed }: WriteTask): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const room = `room for ${needed} bytes (${printBytes(needed)})`;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserError("no-space", `${place}: the disk is full: it takes at least ${needed} bytes (${printBytes(needed)})`, {
      cause: error,
      hint: `make room in ${folder} or write to another disk; nothing was left behind`,
    });
  }
  const reason = reasons[code] ?? ("syscall" in error ? error.message : undefined);
  if (reason === undefined) return error;
  return new UserError("unwritable", `${place}: ${reason}`, {
    cause: error,
    hint: `write to a folder that takes it, with ${room}`,
    ...(code === "ENOENT" || code === "ENOTDIR" ? { exitCode: 2 as const } : {}),
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "is in use, or a mount point",
  EFBIG: "larger than the file system lets a file be",
  EIO: "the disk has a read or write error",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is no folder",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EXDEV: "is a mount point",
};
