import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { folderOf } from "./archived-image.ts";
import { without, withoutEngine } from "./tools.ts";

/** Tools that the tests need, beside root, who alone may unpack owners and devices. */
export function missingTools(): string | false {
  if (process.getuid?.() !== 0) return "root: only root may unpack owners and devices";
  if (!existsSync(busybox)) return "busybox: not on this machine";
  return withoutEngine() || without("skopeo") || without("umoci") || without("python3");
}

const busybox = "/bin/busybox";
/** The beginning of a Dockerfile with a small system in it. */
export const smallSystem = `FROM scratch
COPY root /
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox --install /bin; mkdir -p /etc /tmp /root; chmod 1777 /tmp"]`;

/** The program, and the libraries that it needs unless it is static. */
export function systemFiles(): readonly string[] {
  const listed = spawnSync("ldd", [busybox]).stdout?.toString() ?? "";
  return [busybox, ...[...listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = ""]) => path)];
}

/** Builds the image in the engine; it goes when the test ends. */
export function buildImage(t: TestContext, steps: string, from: string = smallSystem): string {
  const name = engineName(t, "wasteful");
  const folder = folderOf([
    { path: "Dockerfile", content: `${from}${steps}` },
    ...systemFiles().map((path) => ({ path: `root${path}`, content: readFileSync(path) })),
  ]);
  for (const path of systemFiles()) chmodSync(join(folder, "root", path), 0o755);
  const environment = { ...process.env, DOCKER_BUILDKIT: "0" };
  // Of the builder's cache another test may remove an image while this one builds on it.
  const made = spawnSync("docker", ["build", "--quiet", "--no-cache", "--network", "none", "--tag", name, folder], {
    env: environment,
  });
  assert.equal(made.status, 0, made.stderr.toString());
  return name;
}

/** A name in the engine for what goes when the test ends. */
export function engineName(t: TestContext, what: string): string {
  const name = `deadweight-test/${what}:${process.pid}`;
  t.after(() => spawnSync("docker", ["rmi", "--force", name]));
  return name;
}
