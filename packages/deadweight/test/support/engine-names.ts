import { hostname } from "node:os";
import { docker } from "./engine.ts";

const start = `deadweight-e2e-${hostname()
  .toLowerCase()
  .replace(/[^a-z0-9]/g, "")}-`;

/** The label of images without a name that belong to this process: `KEY=VALUE`. */
export const ownLabel: string = `deadweight-e2e=${process.pid}`;

/** A name for an image of this process alone, so that two runs do not disturb one another. */
export function ownName(of: string): string {
  return `${start}${process.pid}-${of}`;
}

/** Takes away what runs that were killed on this machine left in the engine. */
export async function removeLeftovers(): Promise<void> {
  const names = (await docker("image", "ls", "--format", "{{.Repository}}")).split("\n");
  const processOf = (name: string): number =>
    name.startsWith(start) ? Number.parseInt(name.slice(start.length), 10) : Number.NaN;
  const dead = names.filter((name) => processOf(name) > 0 && !isAlive(processOf(name)));
  if (dead.length === 0) return;
  await docker("image", "rm", "--force", ...dead);
  for (const pid of new Set(dead.map(processOf))) {
    await docker("image", "prune", "--force", "--filter", `label=deadweight-e2e=${pid}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
