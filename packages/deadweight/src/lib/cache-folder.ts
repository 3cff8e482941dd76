import { homedir } from "node:os";
import { join } from "node:path";

/** Where what is worth keeping between runs goes: `$XDG_CACHE_HOME/deadweight`, or `~/.cache/deadweight`. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const folder = environment["XDG_CACHE_HOME"];
  return join(folder === undefined || folder === "" ? join(environment["HOME"] ?? homedir(), ".cache") : folder, "deadweight");
}
