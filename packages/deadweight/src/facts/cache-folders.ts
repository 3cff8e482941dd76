import type { Facts } from "../contracts/fact.ts";
import { byteStringFromText } from "../lib/byte-string.ts";

/** Patterns of the home folders: root's, those below `/home`, and `HOME` of the image's environment. */
export function homeFolders(facts: Facts): readonly string[] {
  return distinct(["root", "home/*", folderFromEnvironment(facts, "HOME")]);
}

/** Patterns of a tool's folders below the caches of all users, and where a variable of the environment puts it. */
export function cacheFolders(facts: Facts, tool: string, variable: string): readonly string[] {
  const caches = [...homeFolders(facts).map((home) => `${home}/.cache`), folderFromEnvironment(facts, "XDG_CACHE_HOME")];
  const folders = caches.map((cache) => (cache === undefined ? undefined : `${cache}/${tool}`));
  return distinct([...folders, folderFromEnvironment(facts, variable)]);
}

/** The absolute folder that a variable of the image's environment names, without leading slash; undefined for any other value. */
export function folderFromEnvironment(facts: Facts, variable: string): string | undefined {
  const setting = facts.image.config.environment.findLast((line) => line.startsWith(`${variable}=`));
  const value = setting?.slice(variable.length + 1) ?? "";
  const names = value.split("/").filter((name) => name !== "" && name !== ".");
  // A `*` would become a pattern, and `/` would be the whole image.
  if (!value.startsWith("/") || names.length === 0 || names.some((name) => name === ".." || name.includes("*"))) return undefined;
  return byteStringFromText(names.join("/"));
}

function distinct(folders: readonly (string | undefined)[]): string[] {
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}
