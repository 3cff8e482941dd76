import { createReadStream, existsSync, readFileSync } from "node:fs";
import { readerFor } from "./reading.ts";

/** What a process of its own did with the blob at its first argument: the outcome, and its largest memory in bytes. */
export interface BombOutcome {
  readonly entries?: number;
  readonly tarBytes?: number;
  readonly error?: string;
  readonly peakBytes: number;
}

const [path = "", size = "0", kind = "file"] = process.argv.slice(2);
const reader = readerFor();
const blob =
  kind === "file"
    ? ({ kind: "file", path, offset: 0, size: Number(size) } as const)
    : ({ kind: "stream", size: Number(size), open: () => createReadStream(path) as AsyncIterable<Uint8Array> } as const);

let outcome: Omit<BombOutcome, "peakBytes">;
try {
  const { count, tarBytes } = await reader.read(blob);
  outcome = { entries: count, tarBytes };
} catch (error) {
  outcome = { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
await reader.close();
console.log(JSON.stringify({ ...outcome, peakBytes: peakBytes() }));

/** The most that was resident at a time. What getrusage tells begins with what the parent process had. */
function peakBytes(): number {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "latin1") : "";
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS) * 1024;
}
