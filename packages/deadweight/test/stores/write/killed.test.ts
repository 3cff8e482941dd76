import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Store } from "../../../src/contracts/store.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { ociArchive } from "../../../src/stores/oci-archive.ts";
import { ociLayout } from "../../../src/stores/oci-layout.ts";
import { openOptions } from "../../support/open-options.ts";
import { outgoingImage, outgoingOf, readBack, writeOptions } from "../../support/outgoing.ts";
import { seededRandom } from "../../support/random.ts";
import { sha256 } from "../../support/archived-image.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const writer = fileURLToPath(new URL("../../support/write-once.ts", import.meta.url));
const compiled = temporaryFolder();
const leftovers = temporaryFolder();
const kills = 30;

/** Starts to write an image for an architecture, and kills the process so long after it has begun. Without a time it may end. */
async function writeAndKill(store: Store, path: string, architecture: string, afterMs?: number): Promise<number> {
  // Compiled once: the processes begin to write sooner. What they leave in their temporary folder goes with ours.
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled, TMPDIR: leftovers };
  const child = spawn(process.execPath, [writer, store.scheme, path, architecture], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  const begun = performance.now();
  if (afterMs !== undefined) {
    await sleep(afterMs);
    child.kill("SIGKILL");
  }
  await ended;
  return performance.now() - begun;
}

/** The architecture of the image that is there, all of which was read and is right; undefined when there is none. */
async function whatIsThere(store: Store, path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  for (const architecture of ["amd64", "arm64"]) {
    const source = await store.open(path, openOptions({ platform: { os: "linux", architecture } }));
    const { image, layers } = await readBack(source, architecture).catch(() => ({ image: undefined, layers: [] }));
    await source.close();
    if (image?.config.platform.architecture !== architecture) continue;
    const expected = image.layers.map(({ digest, diffId }) => digest ?? diffId);
    assert.deepEqual(
      layers.map((bytes) => `sha256:${sha256(bytes)}`),
      expected,
    );
    assert.equal(layers.length, architecture === "amd64" ? 1 : 4);
    return architecture;
  }
  return assert.fail("an image of which something is missing");
}

for (const store of [ociLayout, ociArchive, dockerArchive]) {
  test(`${store.scheme}: killed at ${kills} moments, the place has all of the old one, all of the new one or nothing; the next run cleans up`, async () => {
    const folder = temporaryFolder();
    const path = join(folder, "x");
    const random = seededRandom(7);
    const usualMs = await writeAndKill(store, join(folder, "measure"), "arm64");
    const old = outgoingOf(outgoingImage([{ archive: Buffer.alloc(10_000) }]));
    for (let kill = 0; kill < kills; kill++) {
      const hasOld = kill % 2 === 0;
      rmSync(path, { recursive: true, force: true });
      // Whatever was left by the last one is cleaned up by this.
      if (hasOld) await store.write?.(path, old, writeOptions({ force: true }));
      const before = await whatIsLeft(store, path);
      await writeAndKill(store, path, "arm64", random() * usualMs);
      const found = await whatIsLeft(store, path);
      assert.ok(found === before || found === "arm64", `${before} before, ${found} now`);
    }
    await writeAndKill(store, path, "arm64");
    assert.equal(await whatIsThere(store, path), "arm64");
    assert.deepEqual(readdirSync(folder).toSorted(), ["measure", "x"]);
  });
}

/** What is there, or what the next run puts back: the old one lies aside when the process was killed between its two moves. */
async function whatIsLeft(store: Store, path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const aside = readdirSync(folder)
    .map((name) => join(folder, name, "old"))
    .find((old) => existsSync(old));
  return (await whatIsThere(store, path)) ?? (aside === undefined ? undefined : await whatIsThere(store, aside));
}
