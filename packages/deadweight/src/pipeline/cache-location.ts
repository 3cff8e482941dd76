import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogers } from "../catalogers/index.ts";
import { toolVersion } from "../lib/tool-version.ts";

/** Raised when the layer index gains or changes a column: what an older version cached is then not found. */
const indexVersion = 7;

/** Names what a cached index depends on beside the layer: this version, and which files catalogers want. */
export function cacheVersion(): string {
  const wants = catalogers.flatMap((cataloger) => cataloger.wants).map((want) => ({ ...want, path: want.path?.source }));
  const digest = createHash("sha256").update(JSON.stringify(wants)).digest("hex");
  return `${toolVersion()}-${indexVersion}-${digest.slice(0, 16)}`;
}

/** Names what a cached result depends on beside the image: all code of this program, each file by its size and time. */
export function programVersion(): string {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.[jt]s$/.test(path));
  const hash = createHash("sha256");
  for (const path of files.sort()) {
    const { size, mtimeMs } = statSync(join(folder, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return `${toolVersion()} ${hash.digest("hex")}`;
}
