import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { deviceCode } from "../../src/checks/device-code.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { parseGpus, type GpuChoice } from "../../src/model/gpu.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { deviceElf } from "../support/device-elf.ts";
import { containersFrom } from "../support/fatbins.ts";
import { pythonEntries } from "../support/installed.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { outgoingImage, outgoingOf, writeOptions } from "../support/outgoing.ts";
import { resultOf } from "../support/side-by-side.ts";
import { amd64Options } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const containers = containersFrom("e75 e86 p90, e86 e80, e90a e86", 300_000);
const movable = deviceElf(containers);
/** Its code computes the address of its last container, which stays where it is. */
const fixed = deviceElf(containers, {
  change: (file, { code, containers: starts }) => {
    file.set([0x48, 0x8d, 0x05], code);
    file.writeInt32LE((starts[2] ?? 0) - (code + 7), code + 3);
  },
});

const gpus: GpuChoice = { targets: parseGpus("RTX 3090"), keepPtx: "none", includeVendor: false };
const options = amd64Options({ level: "verified", gpus });

const folder = "usr/local/lib/python3.11/site-packages";

function entries(): readonly TestEntry[] {
  const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("base64url");
  return pythonEntries("mod", "1.0", ["mod/one.so", "mod/two.so"]).map((entry): TestEntry => {
    if (entry.path.endsWith("/one.so")) return { ...entry, content: movable };
    if (entry.path.endsWith("/two.so")) return { ...entry, content: fixed };
    if (!entry.path.endsWith("/RECORD")) return entry;
    const rows = [["one", movable] as const, ["two", fixed] as const];
    return { ...entry, content: rows.map(([name, bytes]) => `mod/${name}.so,sha256=${sum(bytes)},${bytes.length}\n`).join("") };
  });
}

test("an image is pruned, records follow, and the check passes, whatever layers are compressed with", async () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const place = join(temporaryFolder(), "x");
    const image = outgoingOf(outgoingImage([{ archive: tarOf(entries()), compression }]));
    const source = (await ociLayout.write?.(place, image, writeOptions())) ?? assert.fail();
    const { result, after, predicted, changes } = await optimize(source, `oci:${temporaryFolder()}/after`, options);
    assert.equal(after?.tarBytes, predicted.tarBytes);
    assert.deepEqual(
      changes.filter(({ transform }) => transform === "prune-device-code").map(({ path }) => path.slice(folder.length + 1)),
      ["mod/one.so", "mod/two.so"],
    );
    await withFacts(result?.reference ?? "", options, async ({ facts: now }) => {
      assert.equal(now.image.config.labels["dev.deadweight.gpus"], "sm_86");
      const tree = now.get(fileTree);
      const rows = ["one", "two"].map((name) => {
        const entry = tree.find(`${folder}/mod/${name}.so`);
        return `mod/${name}.so,sha256=${Buffer.from(tree.hash(entry), "latin1").toString("base64url")},${tree.size(entry)}\n`;
      });
      const capture = now.layers[0]?.captures.find(({ entry }) => tree.path(entry).endsWith("/RECORD"));
      assert.equal(Buffer.from(capture?.bytes ?? []).toString(), rows.join(""));
      assert.ok(tree.size(tree.find(`${folder}/mod/one.so`)) < movable.length - 1_000_000);
      assert.ok(compression === "none" || (after?.compressedBytes ?? 0) < 20_000);
      await withFacts(source, options, async ({ facts: before }) => {
        const { verdict, details } = await resultOf(deviceCode, { before, after: now, expected: () => new Set() });
        assert.deepEqual([verdict, details], ["same", undefined]);
      });
    });
  }
});

test("without a change the image gets no label", async () => {
  const place = join(temporaryFolder(), "x");
  const image = outgoingOf(outgoingImage([{ archive: tarOf(entries()), compression: "none" }]));
  const source = (await ociLayout.write?.(place, image, writeOptions())) ?? assert.fail();
  const skipped = await optimize(source, undefined, { ...options, skip: ["prune-device-code"] });
  assert.deepEqual(
    skipped.changes.map(({ transform }) => transform).filter((name) => name === "prune-device-code"),
    [],
  );
  assert.match(skipped.notes.join("\n"), /^code for other GPUs stays: --level verified or --only prune-device-code cuts it$/m);
  const other = await optimize(source, undefined, { ...options, gpus: { ...gpus, targets: parseGpus("6.1") } });
  assert.match(other.notes.join("\n"), /stays in 2 files.*no code for sm_61/);
});
