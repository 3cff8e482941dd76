import type { OpenOptions } from "../../src/contracts/store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Options to open an image with: an empty environment, a temporary folder of its own, nothing insecure. */
export function openOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return {
    platform: { os: "linux", architecture: "amd64" },
    environment: {},
    temporaryFolder: temporaryFolder(),
    signal: new AbortController().signal,
    insecure: [],
    ...changes,
  };
}
