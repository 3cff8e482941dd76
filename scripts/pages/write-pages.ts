import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a folder of docs hold these pages and no others; with `--check` only says which are stale, and fails. */
export function writePages(name: string, pages: ReadonlyMap<string, string>): void {
  const folder = join(import.meta.dirname, "../../docs", name);
  mkdirSync(folder, { recursive: true });
  const present = readdirSync(folder);
  const stale = [...pages].filter(([page, text]) => !present.includes(page) || readFileSync(join(folder, page), "utf8") !== text);
  const orphaned = present.filter((page) => !pages.has(page));
  if (!process.argv.includes("--check")) {
    for (const [page, text] of stale) writeFileSync(join(folder, page), text);
    for (const page of orphaned) rmSync(join(folder, page));
  } else if (stale.length + orphaned.length > 0) {
    console.error(
      `stale pages in docs/${name}: ${[...stale.map(([page]) => page), ...orphaned].join(", ")}: run npm run generate`,
    );
    process.exitCode = 1;
  }
}
