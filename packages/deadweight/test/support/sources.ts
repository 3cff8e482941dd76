import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's root. */
export const root: string = join(import.meta.dirname, "../../../..");

const sourceFolder = join(root, "packages/deadweight/src");

export interface SourceFile {
  /** Relative to src, such as `rules/pip-cache.ts`. */
  readonly path: string;
  readonly text: string;
  /** Relative imports, resolved, relative to src. */
  readonly imports: readonly string[];
}

/** All TypeScript files below packages/deadweight/src. */
export function sources(): readonly SourceFile[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(sourceFolder, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
}

/** Static and dynamic imports, and files that threads are started from. */
function importsOf(path: string, text: string): readonly string[] {
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)].map((match) => match[1] ?? "");
  return found.map((specifier) => relative(sourceFolder, join(sourceFolder, path, "..", specifier)));
}
