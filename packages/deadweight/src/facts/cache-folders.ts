import type { Facts } from "../contracts/fact.ts";
import { byteStringFromText } from "../lib/byte-string.ts";

/** Patterns of a path below every possible home: `/`, `/root`, `/app`, `/home/NAME`, and `HOME` of the image's environment. */
export function inHomes(facts: Facts, path: string): readonly string[] {
  const home = folderFromEnvironment(facts, "HOME");
  return [path, `*/${path}`, `*/*/${path}`, ...(home === undefined ? [] : [`${home}/${path}`])];
}

/** Patterns of a tool's folders below the caches of all homes, and where a variable of the environment puts it. */
export function cacheFolders(facts: Facts, tool: string, variable: string): readonly string[] {
  const caches = folderFromEnvironment(facts, "XDG_CACHE_HOME");
  const own = folderFromEnvironment(facts, variable);
  return [
    ...inHomes(facts, `.cache/${tool}`),
    ...(caches === undefined ? [] : [`${caches}/${tool}`]),
    ...(own === undefined ? [] : [own]),
  ];
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
