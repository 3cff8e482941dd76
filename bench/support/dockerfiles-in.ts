import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const others = /\.(?:go|md|py|ts|js|yaml|yml|json|sh|html|txt|rs|tsx|lock|svg|png|dockerignore|tmpl|gotmpl|rst|toml|sum|mod)$/i;

/** What is named like a Dockerfile in folders, one of each content. */
export function dockerfilesIn(folders: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const path of folders.flatMap((folder) => within(folder))) {
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (!seen.has(digest)) seen.set(digest, path);
  }
  return [...seen.values()];
}

function within(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /dockerfile|containerfile/i.test(path) && !others.test(basename(path)))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && statSync(path).size < 1 << 20);
}
