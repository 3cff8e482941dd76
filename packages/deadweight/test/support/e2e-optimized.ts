import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { optimize, type Change, type Optimization, type OptimizeOptions } from "../../src/index.ts";
import type { Containerd } from "./containerd.ts";
import { assertPredicted, optimizeOptions } from "./optimizing.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { run } from "./tools.ts";
import { differingPaths, treeByEngine, treeByUmoci, type UnpackedTree } from "./unpacked-tree.ts";

/** Options for a run that changes as much as is sound, the base too. */
export function thorough(changes: Partial<OptimizeOptions> = {}): OptimizeOptions {
  return optimizeOptions({ environment: process.env, level: "verified", rewriteBase: true, ...changes });
}

/** Where an image is written to, and who pulls it from there. */
export interface Pullers {
  /** Of a registry that asks for no login. */
  readonly registry: string;
  readonly containerd: Containerd | undefined;
}

/**
 * Rewrites an image of the engine with gzip layers, pushes the result, and looks at it with skopeo, umoci, Docker and containerd: each
 * sees the same tree as before but for exactly the paths of the changes. A container does the same, and a second run finds nothing.
 */
export async function assertOptimized(image: string, { registry, containerd }: Pullers): Promise<Optimization> {
  const folder = temporaryFolder();
  const before = `oci:${folder}/before:x`;
  skopeo(
    "copy",
    "--quiet",
    "--dest-compress-level",
    "1",
    "--dest-compress-format",
    "gzip",
    `docker-daemon:${image}:latest`,
    before,
  );
  const name = `${registry}/optimized/${image}:small`;
  const optimization = await optimize(before, `docker://${name}`, thorough());
  assertPredicted(optimization);
  await assertIdempotent(`docker://${name}`, optimization);
  const [layout, byUmoci] = [join(folder, "after"), treeByUmoci(`${folder}/before:x`)];
  skopeo("inspect", "--tls-verify=false", `docker://${name}`);
  skopeo("copy", "--quiet", "--src-tls-verify=false", "--preserve-digests", `docker://${name}`, `oci:${layout}:x`);
  assertExactly(optimization, byUmoci, treeByUmoci(`${layout}:x`), "umoci");
  assertByEngine(optimization, image, name);
  if (containerd !== undefined) {
    containerd.pull(name);
    assertExactly(optimization, byUmoci, containerd.tree(name), "containerd");
    containerd.remove(name);
  }
  skopeo("copy", "--quiet", `oci:${layout}:x`, `docker-daemon:${image}-copied:latest`);
  run("docker", ["rmi", "--force", `${image}-copied:latest`]);
  rmSync(folder, { recursive: true });
  return optimization;
}

/** Pulled by the engine: the same tree, and a container of its command says and does the same. */
function assertByEngine(optimization: Optimization, image: string, name: string): void {
  run("docker", ["pull", "--quiet", name]);
  try {
    assertExactly(optimization, treeByEngine(image), treeByEngine(name), "docker");
    const said = [image, name].map((one) => {
      const { status, stdout, stderr } = spawnSync("docker", ["run", "--rm", "--network", "none", one], { encoding: "utf8" });
      return { status, stdout, stderr };
    });
    assert.deepEqual(said[1], said[0]);
  } finally {
    run("docker", ["rmi", "--force", name]);
  }
}

function skopeo(...args: readonly string[]): void {
  run("skopeo", ["--insecure-policy", ...args]);
}

/** A second run changes nothing and gives the same digest. */
async function assertIdempotent(reference: string, { result }: Optimization): Promise<void> {
  const folder = temporaryFolder();
  const again = await optimize(reference, `oci:${folder}/again`, thorough());
  rmSync(folder, { recursive: true });
  assert.deepEqual(again.changes, []);
  assert.equal(again.result?.digest, result?.digest);
}

/** Every path that differs is among the changes, and every visible one of a change that has to show differs. */
function assertExactly({ changes }: Optimization, before: UnpackedTree, after: UnpackedTree, by: string): void {
  const differing = differingPaths(before, after);
  const listed = new Set(changes.map(({ path }) => path));
  const targets = changes.flatMap(({ action, reason }) => (action === "link" ? [/ as \/(.*)$/.exec(reason)?.[1] ?? ""] : []));
  const known = new Set([...listed, ...targets.flatMap((target) => namesOf(before, target))]);
  assert.deepEqual(
    differing.filter((path) => !known.has(path)),
    [],
    `${by} sees changes that are not listed`,
  );
  const unseen = changes.filter(
    (change) => isSeen(change) && before[change.path] !== undefined && !differing.includes(change.path),
  );
  assert.deepEqual(
    unseen.map(({ transform, path }) => `${transform} ${path}`),
    [],
    `${by} does not see changes that are listed`,
  );
}

/** All names of the file at a path. */
function namesOf(tree: UnpackedTree, path: string): readonly string[] {
  return Object.keys(tree).filter((name) => tree[name]?.file === tree[path]?.file);
}

/** What frees hidden bytes shows nowhere. */
function isSeen({ transform }: Change): boolean {
  return !["drop-shadowed", "drop-metadata-rewrites"].includes(transform);
}
