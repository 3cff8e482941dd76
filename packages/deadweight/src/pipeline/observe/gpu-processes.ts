import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Bytes of GPU memory by process of the machine; a text says why that can't be told. */
export type GpuProcesses = ReadonlyMap<number, number> | string;

const program = "nvidia-smi";
const query = ["--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"];
const timeoutMs = 10_000;
const mebibyte = 1024 ** 2;

/** Asks the driver by its own program, which speaks to NVML. Throws nothing. */
export async function readGpuProcesses(environment: Readonly<Record<string, string | undefined>>): Promise<GpuProcesses> {
  try {
    const options = { env: { ...environment, LC_ALL: "C" }, timeout: timeoutMs };
    return parseGpuProcesses((await promisify(execFile)(program, query, options)).stdout);
  } catch (error) {
    return whyNot(error);
  }
}

/**
 * Lines of a process and MiB, `4711, 1024`; a process has one for each GPU that it uses. Where a driver may not or can't say how much it is, it
 * writes `[N/A]`, `[Not Supported]` or `[Insufficient Permissions]`.
 */
export function parseGpuProcesses(text: string): GpuProcesses {
  const held = new Map<number, number>();
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const [, digits, amount = ""] = /^\s*(\d{1,10})\s*,\s*(.{1,100}?)\s*$/.exec(line) ?? [];
    if (digits === undefined) return `${program}: ${line.trim().slice(0, 200)}`;
    if (!/^\d{1,9}$/.test(amount)) return `${program} tells no memory of process ${digits}: ${amount}`;
    held.set(Number(digits), (held.get(Number(digits)) ?? 0) + Number(amount) * mebibyte);
  }
  return held;
}

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return `${program}: ${String(error)}`;
  if ("code" in error && error.code === "ENOENT") return `there is no ${program} on this machine, so no GPU that it knows of`;
  // What it has to say it writes to its standard output.
  const said = "stdout" in error && typeof error.stdout === "string" ? (error.stdout.trim().split("\n")[0] ?? "") : "";
  return `${program}: ${said === "" ? error.message : said}`.slice(0, 300);
}
