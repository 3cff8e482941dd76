import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Waits until no other process has the turn of that name, for files of tests that may not run side by side. Gives it back at the end. */
export async function takeTurn(name: string): Promise<() => void> {
  const folder = join(tmpdir(), `deadweight-turn-${name}`);
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, "process"), String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch {
      if (isOver(folder)) rmSync(folder, { recursive: true, force: true });
      else await setTimeout(200);
    }
  }
}

/** Whether the process that had the turn has ended without giving it back. */
function isOver(folder: string): boolean {
  try {
    const holder = Number(readFileSync(join(folder, "process"), "utf8"));
    if (holder === 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
