import { stat } from "node:fs/promises";
import { UserError } from "../../lib/user-error.ts";

/** A path on this machine, and which image in it is meant. */
export interface SelectedPath {
  readonly path: string;
  readonly selector: string | undefined;
}

/**
 * Splits `PATH[:SELECTOR]`. Both may hold colons: the longest beginning that exists and is of the kind is the path.
 * Throws UserError `not-found` when there is none.
 */
export async function splitSelector(name: string, kind: "file" | "folder"): Promise<SelectedPath> {
  let wrongKind: string | undefined;
  for (let end = name.length; end > 0; end = name.lastIndexOf(":", end - 1)) {
    const path = name.slice(0, end);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    if (kind === "file" ? found.isFile() : found.isDirectory()) {
      return { path, selector: end === name.length ? undefined : name.slice(end + 1) };
    }
    wrongKind ??= path;
  }
  if (wrongKind !== undefined) throw new UserError("unreadable", `${JSON.stringify(wrongKind)}: not a ${kind}`);
  throw new UserError("not-found", `${JSON.stringify(name)}: no such ${kind}`);
}
