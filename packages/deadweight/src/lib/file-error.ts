import { UserError } from "./user-error.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk has a read or write error",
  EISDIR: "is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOTDIR: "a part of the path is no folder",
  EROFS: "the file system is read-only",
};

/** An error of the file system as a UserError that begins with `what`; any other error as it is. */
export function fileError(error: unknown, what: string): unknown {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined || error instanceof UserError) return error;
  if (code === "ENOENT") return new UserError("not-found", `${what}: no such file`, { cause: error });
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserError("no-space", `${what}: the disk is full`, {
      cause: error,
      hint: "set TMPDIR to a folder with more room",
    });
  }
  const reason = reasons[code];
  return reason === undefined ? error : new UserError("unreadable", `${what}: ${reason}`, { cause: error });
}
