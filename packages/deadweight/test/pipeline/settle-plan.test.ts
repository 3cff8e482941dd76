import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits } from "../../src/archive/limits.ts";
import type { OutgoingImage } from "../../src/contracts/store.ts";
import type { EntryEdit } from "../../src/contracts/transform.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { sumCutContents } from "../../src/image/rewrite/sum-cut-contents.ts";
import type { ProgressEvent } from "../../src/model/progress.ts";
import { withSums } from "../../src/pipeline/settle-plan.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { pythonEntries } from "../support/installed.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { debugging, linkedElf } from "../support/linked-elf.ts";
import { bytesOf, outgoingImage, outgoingOf, streamOf, writeOptions } from "../support/outgoing.ts";
import { planned } from "../support/planning.ts";
import { amd64Options } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { entryAt, readImage } from "../image/rewrite/sample-image.ts";

const program = linkedElf(debugging);
const site = "usr/local/lib/python3.11/site-packages";
const info = `${site}/mod-1.0.dist-info`;
const sha = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

const options = amd64Options({ level: "verified" });

function entries(): readonly TestEntry[] {
  const library = pythonEntries("mod", "1.0", ["mod/_core.so"]).map((entry): TestEntry => {
    if (entry.path.endsWith(".so")) return { ...entry, content: program };
    if (!entry.path.endsWith("/RECORD")) return entry;
    return { ...entry, content: `mod/_core.so,sha256=${sha(program).toString("base64url")},${program.length}\n` };
  });
  return [
    ...library,
    { path: "usr/bin/tool", content: program, mode: 0o755 },
    { path: "var/lib/dpkg/info/tool.md5sums", content: `${createHash("md5").update(program).digest("hex")}  usr/bin/tool\n` },
  ];
}

test("records have the sums of what is stored, whatever layers are compressed with", async () => {
  const planning = planned([entries()], { only: ["strip-symbols"] });
  const cut = Buffer.from(planning.after[0]?.find(({ path }) => path.endsWith(".so"))?.content ?? "");
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const place = join(temporaryFolder(), "x");
    const image = outgoingOf(outgoingImage([{ archive: tarOf(entries()), compression }]));
    const source = (await ociLayout.write?.(place, image, writeOptions())) ?? assert.fail();
    const { result, after, predicted } = await optimize(source, `oci:${temporaryFolder()}/after`, options);
    assert.equal(after?.tarBytes, predicted.tarBytes);
    await withFacts(result?.reference ?? "", options, ({ facts }) => {
      const tree = facts.get(fileTree);
      const textOf = (path: string): string => {
        const capture = facts.layers[0]?.captures.find(({ entry }) => tree.path(entry) === path);
        return Buffer.from(capture?.bytes ?? []).toString();
      };
      const library = tree.find(`${site}/mod/_core.so`);
      assert.ok(tree.size(library) < program.length - 4000);
      const digest = Buffer.from(tree.hash(library), "latin1").toString("base64url");
      assert.equal(textOf(`${info}/RECORD`), `mod/_core.so,sha256=${digest},${tree.size(library)}\n`);
      assert.deepEqual(Buffer.from(tree.hash(library), "latin1"), sha(cut));
      assert.equal(tree.hash(tree.contentOf(tree.find("usr/bin/tool"))), tree.hash(library));
      assert.equal(textOf("var/lib/dpkg/info/tool.md5sums"), `${createHash("md5").update(cut).digest("hex")}  usr/bin/tool\n`);
    });
  }
});

test("sums are written where there is room for them, and nowhere else", () => {
  const sums = new Map([[4, { sha256: "ff".repeat(32), md5: "0a".repeat(16), md5Before: "1".repeat(32) }]]);
  const content = Buffer.from(`-${"A".repeat(43)}-${"1".repeat(32)}-${"2".repeat(32)}`);
  const edit = withSums(
    {
      action: "rewrite",
      content,
      digests: [
        { at: 1, of: 4, algorithm: "sha256", encoding: "base64url" },
        { at: 45, of: 4, algorithm: "md5", encoding: "hex", before: "1".repeat(32) },
        // A file that had another sum than dpkg says is still told by dpkg.
        { at: 78, of: 4, algorithm: "md5", encoding: "hex", before: "2".repeat(32) },
      ],
    },
    sums,
  );
  const written = edit.action === "rewrite" ? Buffer.from(edit.content).toString() : "";
  assert.equal(written, `-${"_".repeat(42)}8-${"0a".repeat(16)}-${"2".repeat(32)}`);
  assert.equal(content.includes("_"), false);
  assert.throws(
    () => withSums({ action: "rewrite", content, digests: [{ at: 0, of: 5, algorithm: "md5", encoding: "hex" }] }, sums),
    /not summed/,
  );
});

test("layers that come as streams are kept for the rewrite, which opens them no more; others stay what they are", async () => {
  const other: TestEntry = { path: "other", content: "stays" };
  const made = outgoingImage([{ archive: tarOf(entries()), compression: "gzip" }, { archive: tarOf([other]) }]);
  const image = await readImage({ ...made, layers: await Promise.all(made.layers.map(streamed)) });
  const edits = new Map<number, EntryEdit>([
    [entryAt(image.layers, 0, "usr/bin/tool"), { action: "cut-content", pieces: [{ start: 0, end: 100 }], size: 100 }],
  ]);
  const events: ProgressEvent[] = [];
  const signal = new AbortController().signal;
  const folder = temporaryFolder();
  const options = { limits: defaultLimits, folder, signal, onProgress: (event: ProgressEvent) => events.push(event) };
  const { sums, image: local } = await sumCutContents(image.image, image.layers, edits, options);
  const [sum] = sums.values();
  assert.equal(sum?.sha256, sha(program.subarray(0, 100)).toString("hex"));
  assert.equal(sum?.md5Before, createHash("md5").update(program).digest("hex"));
  assert.deepEqual(
    local.layers.map(({ blob }) => blob.kind),
    ["file", "stream"],
  );
  assert.deepEqual([events[0]?.kind, events.at(-1)?.kind], ["start", "end"]);
});

async function streamed(layer: OutgoingImage["layers"][number]): Promise<OutgoingImage["layers"][number]> {
  return { ...layer, bytes: streamOf(await bytesOf(layer.bytes)) };
}
