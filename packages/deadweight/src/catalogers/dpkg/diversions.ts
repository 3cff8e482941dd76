// Layout: dpkg's lib/dpkg/db-fsys-divert.c. Three lines each: the path, where it goes, and the package that keeps the path
// (`:` for a diversion by the administrator, which holds for all packages).
import type { ByteString } from "../../lib/byte-string.ts";
import { linesOf } from "../system/lines.ts";

/** Where a package's file lies, given the name that its list has. Paths are without leading slash. */
export type Divert = (path: ByteString, packageName: string) => ByteString;

/** The diversions of a system; without a file, paths stay as they are. */
export function parseDiversions(bytes: Uint8Array): Divert {
  const diversions = new Map<ByteString, { readonly to: ByteString; readonly by: string }>();
  let pending: ByteString[] = [];
  for (const line of linesOf(bytes)) {
    pending.push(line);
    if (pending.length < 3) continue;
    const [from = "", to = "", by = ""] = pending;
    diversions.set(from.replace(/^\/+/, ""), { to: to.replace(/^\/+/, ""), by });
    pending = [];
  }
  return (path, packageName) => {
    const diversion = diversions.get(path);
    return diversion === undefined || diversion.by === packageName ? path : diversion.to;
  };
}
