import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { ociArchive } from "../../../src/stores/oci-archive.ts";
import { ociLayout } from "../../../src/stores/oci-layout.ts";
import { openOptions } from "../../support/open-options.ts";
import { noise, outgoingImage, outgoingOf, readBack, writeOptions } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const MB = 1_000_000;
const small = outgoingOf(outgoingImage([{ archive: noise(2 * MB) }]));
/** 15 MB in few stored bytes: only while it is written does it turn out to be too much. */
const growing = outgoingOf(outgoingImage([{ archive: noise(MB) }, { archive: Buffer.alloc(15 * MB), compression: "gzip" }]));
const large = outgoingOf(outgoingImage([{ archive: noise(15 * MB) }]));

/** A disk of 10 MB that goes when the test ends; undefined when none can be had. */
function smallDisk(t: TestContext, options = "size=10m"): string | undefined {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status !== 0) return undefined;
  t.after(() => spawnSync("umount", [folder]));
  return folder;
}

const isFull = (error: unknown): boolean => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, /at least \d+ bytes \(.*B\)/);
  assert.match(error.hint ?? "", /make room in .*disk or write to another disk/);
  return error.code === "no-space" && error.exitCode === 3;
};

for (const store of [ociLayout, ociArchive, dockerArchive]) {
  test(`${store.scheme}: a full disk is told with the bytes that are needed, nothing is left, and the old one stays`, async (t) => {
    const disk = smallDisk(t);
    if (disk === undefined) return t.skip("mount: not permitted");
    assert.ok(store.write);
    await store.write(join(disk, "x"), small, writeOptions());
    for (const name of ["new", "x"]) {
      await assert.rejects(store.write(join(disk, name), large, writeOptions({ force: true })), isFull);
      if (store === dockerArchive) {
        await assert.rejects(store.write(join(disk, name), growing, writeOptions({ force: true })), isFull);
      }
    }
    assert.deepEqual(readdirSync(disk), ["x"]);
    await readBack(await store.open(join(disk, "x"), openOptions()));
    // The same disk takes what fits.
    await store.write(join(disk, "x"), small, writeOptions({ force: true }));
    return undefined;
  });

  test(`${store.scheme}: a disk without room for one more file is full as well`, async (t) => {
    const disk = smallDisk(t, "size=10m,nr_inodes=3");
    if (disk === undefined) return t.skip("mount: not permitted");
    await assert.rejects(async () => store.write?.(join(disk, "x"), small, writeOptions()), isFull);
    assert.deepEqual(readdirSync(disk), []);
    return undefined;
  });

  test(`${store.scheme}: a read-only disk is told`, async (t) => {
    const disk = smallDisk(t, "ro");
    if (disk === undefined) return t.skip("mount: not permitted");
    await assert.rejects(
      async () => store.write?.(join(disk, "x"), small, writeOptions()),
      (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, /the file system is read-only/);
        assert.match(error.hint ?? "", /room for \d+ bytes/);
        return error.code === "unwritable" && error.exitCode === 3;
      },
    );
    return undefined;
  });

  test(`${store.scheme}: a folder that is a disk of its own can't be replaced`, async (t) => {
    const disk = smallDisk(t);
    if (disk === undefined) return t.skip("mount: not permitted");
    await assert.rejects(
      async () => store.write?.(disk, small, writeOptions()),
      (error) => error instanceof UserError,
    );
    assert.deepEqual(readdirSync(join(disk, "..")), ["disk"]);
    return undefined;
  });
}
