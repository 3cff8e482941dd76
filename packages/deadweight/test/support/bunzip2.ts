import { execFileSync } from "node:child_process";

/** Decompresses bzip2 with the system's program. */
export function bunzip2(bytes: Uint8Array): Uint8Array {
  return execFileSync("bzip2", ["-dc"], { input: bytes, maxBuffer: 1024 ** 3 });
}
