import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImageConfig } from "../../src/model/image.ts";
import { temporaryFiles } from "../../src/rules/temporary-files.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const left: readonly TestEntry[] = [
  { path: "tmp/", mode: 0o1777 },
  { path: "tmp/requirements.txt", content: "numpy" },
  { path: "tmp/build/" },
  { path: "tmp/build/src.tar", content: "tar" },
  { path: "tmp/build/link", type: "symlink", link: "src.tar" },
  { path: "tmp/pipe", type: "fifo" },
  { path: "var/tmp/download", content: "d" },
  { path: "root/.wget-hsts", content: "h" },
  { path: "home/me/.bash_history", content: "b" },
];
const all = [
  "0:home/me/.bash_history",
  "0:root/.wget-hsts",
  "0:tmp/build/link",
  "0:tmp/build/src.tar",
  "0:tmp/requirements.txt",
  "0:var/tmp/download",
];
const claimsWith = (config: Partial<ImageConfig>): string[] => claimedBy(temporaryFiles, factsOf([left], { config }));

test("found: files and links, not folders or pipes", () => {
  assert.deepEqual(claimsWith({}), all);
  const [finding] = findingsOf(temporaryFiles, factsOf([left], { history: ["RUN make"] }));
  assert.equal(finding?.safety, "verified");
  assert.equal(finding?.remedy, "deadweight optimize, or add `rm -rf /tmp/* /var/tmp/*` to the RUN of layer 0");
});

test("left alone: what the configuration names", () => {
  const withoutBuild = all.filter((path) => !path.includes("tmp/build/"));
  assert.deepEqual(claimsWith({ entrypoint: ["/tmp/build/run"] }), withoutBuild);
  assert.deepEqual(claimsWith({ command: ["/bin/sh", "-c", "exec python '/tmp/build/main.py'"] }), withoutBuild);
  assert.deepEqual(claimsWith({ environment: ["PATH=/usr/bin:/tmp/build/bin:/bin"] }), withoutBuild);
  assert.deepEqual(claimsWith({ workingDirectory: "/tmp/build" }), withoutBuild);
  const outside = ["0:home/me/.bash_history", "0:root/.wget-hsts", "0:var/tmp/download"];
  assert.deepEqual(claimsWith({ workingDirectory: "/tmp" }), outside);
  assert.deepEqual(claimsWith({ environment: ["HOME=/tmp"] }), outside);
  assert.deepEqual(
    claimsWith({ workingDirectory: "/var/tmp" }),
    all.filter((path) => path !== "0:var/tmp/download"),
  );
});

test("names that only look alike keep nothing", () => {
  assert.deepEqual(claimsWith({ environment: ["TMPDIR=/tmp", "A=/tmpfs/build", "B=/srv/tmp/build", "C=/tmp/builder"] }), all);
});

test("left alone: what a link outside leads to, packages and models", () => {
  const facts = factsOf([
    [
      { path: "tmp/" },
      { path: "tmp/data/x", content: "x" },
      { path: "tmp/data/" },
      { path: "app/data", type: "symlink", link: "/tmp/data" },
      { path: "var/tmp", type: "symlink", link: "/tmp" },
      { path: "tmp/other", content: "o" },
    ],
  ]);
  assert.deepEqual(claimedBy(temporaryFiles, facts), ["0:tmp/other"]);
  const owned = factsOf([
    [
      { path: "tmp/venv/lib/python3.11/site-packages/six.py", content: "s" },
      {
        path: "tmp/venv/lib/python3.11/site-packages/six-1.0.dist-info/METADATA",
        content: "Metadata-Version: 2.1\nName: six\nVersion: 1.0\n",
      },
      {
        path: "tmp/venv/lib/python3.11/site-packages/six-1.0.dist-info/RECORD",
        content: "six.py,,\nsix-1.0.dist-info/METADATA,,\nsix-1.0.dist-info/RECORD,,\n",
      },
    ],
  ]);
  assert.deepEqual(claimedBy(temporaryFiles, owned), []);
});

test("passed: empty folders", () => {
  assert.deepEqual(claimedBy(temporaryFiles, factsOf([[{ path: "tmp/" }, { path: "var/tmp/" }]])), []);
});
