import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker, output } from "./engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** It stays in the engine after the tests, so that the next run need not make it. */
const keptName = "deadweight-e2e-base:bookworm";

/** Tags the base image as `tag`: Debian's smallest system by debootstrap, without what apt downloaded, as official images are. */
export async function tagBase(tag: string): Promise<void> {
  await alone(async () => {
    const [known = ""] = (await docker("image", "ls", "--quiet", keptName)).split("\n");
    if (known === "") await makeBase();
    await docker("tag", keptName, tag);
  });
}

const lock = join(tmpdir(), "deadweight-e2e-base.lock");
/** A run that was killed leaves the lock; nobody makes a base for so long. */
const staleMs = 10 * 60_000;

/** Files of tests run side by side: one of them makes the base. */
async function alone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > staleMs) rmSync(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  await work().finally(() => rmSync(lock, { recursive: true, force: true }));
}

async function makeBase(): Promise<void> {
  const folder = join(temporaryFolder(), "root");
  try {
    await output("debootstrap", ["--variant=minbase", "bookworm", folder]);
    const downloads = ["var/cache/apt/archives", "var/lib/apt/lists"].map((path) => join(folder, path));
    await output("find", [...downloads, "-type", "f", "-delete"]);
    const archive = `${folder}.tar`;
    await output("tar", ["--create", "--numeric-owner", "--file", archive, "--directory", folder, "."]);
    await docker("import", "--change", 'CMD ["bash"]', archive, keptName);
  } finally {
    // debootstrap mounts /proc there while it runs.
    execFileSync("rm", ["--recursive", "--force", "--one-file-system", folder]);
  }
}
