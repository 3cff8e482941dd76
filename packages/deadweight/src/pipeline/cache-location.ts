import { createHash } from "node:crypto";
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
