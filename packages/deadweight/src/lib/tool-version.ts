import { readFileSync } from "node:fs";

/** The version of this package, from its package.json: two folders up, from src/lib as from dist/lib. */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return version;
}
