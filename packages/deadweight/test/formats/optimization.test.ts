import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../src/pipeline/render.ts";
import { sampleCopy, sampleIndex, sampleOptimization, samplePlan } from "../support/sample-optimization.ts";

test("for people: before, predicted, after, what each transform freed, the next command", () => {
  assert.equal(
    render(sampleOptimization, "table", { columns: 120 }),
    `docker:example/speech:1.0  linux/amd64
sha256:${"e".repeat(64)}

Before     3.00 GB  2.00 GB compressed
Predicted  2.19 GB  1.22 GB compressed  27% less
After      2.19 GB  1.22 GB compressed  27% less

TRANSFORM          FREED    CHANGED  FOR INSTANCE
remove-caches     800 MB  2 entries  pip's cache: pip can download it again
link-duplicates  10.0 MB    1 entry  the same as usr/lib/b.so

Not in the result:
  sha256:999999999999  the image for linux/arm64: one platform is written
Note: nothing to keep matches "opt/**"
Result:  oci:small image  read again and compared: as planned
sha256:${"f".repeat(64)}
Next: deadweight analyze 'oci:small image'
`,
  );
});

test("of an index each platform has its weights, and each change its platform", () => {
  const lines = render(sampleIndex, "table", { columns: 120, verbose: true }).split("\n");
  assert.deepEqual(lines.slice(0, 2), ["docker:example/speech:1.0  2 platforms", `sha256:${"d".repeat(64)}`]);
  const at = lines.indexOf("After      2.19 GB  1.22 GB compressed  27% less");
  assert.deepEqual(
    lines.slice(at + 1, at + 6).map((line) => line.trimEnd()),
    [
      "",
      "PLATFORM       BEFORE  PREDICTED    AFTER",
      "linux/amd64   1.50 GB     690 MB   690 MB  54% less",
      "linux/arm/v7  1.50 GB    1.50 GB  1.50 GB   0% less",
      "",
    ],
  );
  assert.ok(lines.some((line) => /^remove +780 MB +linux\/amd64 +1 +root\/\.cache\/pip\/a\.body/.test(line)));
  const page = render(sampleIndex, "markdown");
  assert.match(page, /^\| After, linux\/amd64 \| 690 MB \| 220 MB \|$/m);
  assert.match(page, /^\| remove \| linux\/amd64 1 \| /m);
  assert.deepEqual(JSON.parse(render(sampleIndex, "json")), sampleIndex);
});

test("a plan says that nothing was written, and how to carry it out", () => {
  const text = render(samplePlan, "table");
  assert.doesNotMatch(text, /^After/m);
  assert.match(
    text,
    /\nNothing was written\.\nNext: deadweight optimize docker:example\/speech:1\.0 -o DEST --level verified\n$/,
  );
});

test("nothing to change is said, and that the result is a copy", () => {
  assert.match(render(sampleCopy, "table"), /^Nothing to change at the level lossless; the result is a copy\.$/m);
});

test("details are the largest changes, one by one", () => {
  const lines = render(sampleOptimization, "table", { columns: 100, verbose: true }).split("\n");
  const at = lines.findIndex((line) => line.startsWith("CHANGE"));
  assert.deepEqual(
    lines.slice(at + 1, at + 4).map((line) => line.split(/ {2,}/).slice(0, 4)),
    [
      ["remove", "780 MB", "1", "root/.cache/pip/a.body"],
      ["remove", "20.0 MB", "1", "root/.cache/pip/selfcheck"],
      ["link", "10.0 MB", "1", "usr/lib/a.so"],
    ],
  );
});

test("json has the report on the source and what was added, in the documented order", () => {
  const parsed = JSON.parse(render(sampleOptimization, "json")) as Record<string, unknown>;
  assert.deepEqual(parsed, sampleOptimization);
  assert.deepEqual(Object.keys(parsed).slice(0, 10), [
    "schemaVersion",
    "tool",
    "image",
    "level",
    "result",
    "before",
    "predicted",
    "after",
    "changes",
    "omissions",
  ]);
});

test("markdown has the weights, the transforms and the changes, and no text of the image is markup", () => {
  const hostile = {
    ...sampleOptimization,
    changes: sampleOptimization.changes.map((change) => ({ ...change, path: "<b>|`x`", reason: "@me #1" })),
  };
  const page = render(hostile, "markdown");
  assert.match(page, /^\*\*27%\*\* less at the level verified, written to <code>oci:small image<\/code>\.$/m);
  assert.match(page, /^\| After \| 2\.19 GB \| 1\.22 GB \|$/m);
  assert.match(page, /^\| <code>remove-caches<\/code> \| 800 MB \| 2 entries \| @&#8203;me #&#8203;1 \|$/m);
  assert.match(page, /^\| remove \| 1 \| <code>&lt;b&gt;&#124;&#96;x&#96;<\/code> \| 780 MB \| 0 B \|$/m);
});

test("no text of the image can do anything to a terminal", () => {
  const text = "\u001b[31m\u202e\n";
  const hostile = {
    ...sampleOptimization,
    changes: [
      { ...sampleOptimization.changes[0], transform: text, path: text, reason: text } as (typeof sampleOptimization.changes)[0],
    ],
    omissions: [{ digest: "sha256:0", reason: text }],
    notes: [text],
    result: { reference: text, digest: "sha256:0", isCopy: false, isValidated: false },
  };
  assert.doesNotMatch(render(hostile, "table", { verbose: true }), /[\u0000-\u0009\u000b-\u001f\u202e]/);
});
