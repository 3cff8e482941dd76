import { createHash, randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The process that a folder aside belongs to, and how it tells its own from what others left. */
export interface AsideOwner {
  readonly pid: number;
  /** Six hexadecimal digits: pids of another machine or container mean nothing here. */
  readonly machine: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly now: () => number;
  readonly isAlive: (pid: number) => boolean;
}

const dayMs = 24 * 60 * 60 * 1000;

/** This process as an owner. */
export function thisOwner(): AsideOwner {
  return {
    pid: process.pid,
    machine: createHash("sha256").update(`${hostname()} ${pidNamespace()}`).digest("hex").slice(0, 6),
    startedMs: Date.now() - process.uptime() * 1000,
    now: () => Date.now(),
    isAlive,
  };
}

/** A new name beside `name`: `.NAME.tmp-PID-RANDOM`. */
export function asideName(name: string, { pid, machine }: AsideOwner): string {
  return `${asidePrefix(name)}${pid}-${machine}${randomBytes(5).toString("hex")}`;
}

/** Whether a name beside `name`, last changed at that time, is one that a process left which is no more. */
export function isLeftover(found: string, name: string, changedMs: number, owner: AsideOwner): boolean {
  const prefix = asidePrefix(name);
  const [, digits, machine] =
    (found.startsWith(prefix) && /^(\d+)-([0-9a-f]{6})[0-9a-f]{10}$/.exec(found.slice(prefix.length))) || [];
  if (digits === undefined) return false;
  return hasEnded({ pid: Number(digits), machine: machine ?? "", sinceMs: changedMs }, owner);
}

/** Whether the process that made something is no more; of one on another machine it is taken to be so after a day. */
export function hasEnded(
  made: { readonly pid: number; readonly machine: string; readonly sinceMs: number },
  owner: AsideOwner,
): boolean {
  if (made.machine !== owner.machine) return owner.now() - made.sinceMs > dayMs;
  // In a container each run may have the same pid.
  return made.pid === owner.pid ? made.sinceMs < owner.startedMs : !owner.isAlive(made.pid);
}

/** File systems take names of 255 bytes; a long one is named by its hash. */
function asidePrefix(name: string): string {
  const short = Buffer.byteLength(name) <= 200 ? name : createHash("sha256").update(name).digest("hex");
  return `.${short}.tmp-`;
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
