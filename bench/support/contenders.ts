import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** What one run of a program took; the memory is that of its largest process. */
export interface Run {
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** A program to measure beside others. */
export interface Contender {
  readonly name: string;
  /** A shell command; undefined when its program is not here. */
  readonly command: string | undefined;
}

/** Compiles the package, since that is what users run; gives the file to start. */
export function built(): string {
  shell(`${join(root, "node_modules/.bin/tsc")} -p ${join(root, "packages/deadweight/tsconfig.build.json")}`);
  return join(root, "packages/deadweight/dist/bin.js");
}

/** Runs a command. Throws when it fails; `fine` are the exit codes that are no failure. */
export function timed(command: string, fine: readonly number[] = [0]): Run {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-bench-"));
  const times = join(folder, "times");
  try {
    const result = spawnSync("/usr/bin/time", ["-q", "-o", times, "-f", "%e %M", "sh", "-c", command], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    if (result.error !== undefined) throw result.error;
    if (result.status === null || !fine.includes(result.status)) throw new Error(`${command}: ${result.stderr}`);
    const [seconds = 0, kilobytes = 0] = readFileSync(times, "utf8").trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
    return { seconds, peakMegabytes: kilobytes / 1024 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of an even count of numbers, the upper one in the middle. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Whether a program is in PATH. */
export function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** What a command printed. Throws when it fails. */
export function shell(command: string): string {
  const result = spawnSync("sh", ["-c", command], { encoding: "utf8", maxBuffer: 1024 ** 3 });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
  return result.stdout;
}

/** How skopeo calls an image of the engine, or another one. */
export function skopeoName(image: string | undefined): string {
  if (image === undefined) throw new Error("say which image: --image docker:NAME");
  return image.startsWith("docker:") && !image.startsWith("docker://") ? `docker-daemon:${image.slice(7)}` : image;
}
