import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { OpenOptions } from "../../src/contracts/store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const place = temporaryFolder();

/** Options to open an image with: an empty environment, a temporary folder of its own, nothing insecure. */
export function openOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return {
    platform: { os: "linux", architecture: "amd64" },
    environment: {},
    temporaryFolder: mkdtempSync(join(place, "run-")),
    signal: new AbortController().signal,
    insecure: [],
    ...changes,
  };
}
