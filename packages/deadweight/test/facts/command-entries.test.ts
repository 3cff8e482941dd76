import assert from "node:assert/strict";
import { test } from "node:test";
import { commandEntries } from "../../src/facts/command-entries.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import type { ImageConfig } from "../../src/model/image.ts";
import { factsOf } from "../support/layers.ts";

function named(config: Partial<ImageConfig>): string[] {
  const facts = factsOf(
    [
      [
        { path: "usr/bin/python3", type: "symlink", link: "python3.11" },
        { path: "usr/bin/python3.11" },
        { path: "bin", type: "symlink", link: "usr/bin" },
        { path: "opt/tool" },
        { path: "app/start.sh" },
      ],
    ],
    { config },
  );
  const tree = facts.get(fileTree);
  return [...facts.get(commandEntries)].map((entry) => tree.path(entry)).sort();
}

test("programs by name, by path, below the working folder, and in a shell's line", () => {
  const python = ["usr/bin/python3", "usr/bin/python3.11"];
  assert.deepEqual(named({ entrypoint: ["python3"], command: ["app.py"] }), python);
  assert.deepEqual(named({ command: ["/bin/python3.11"] }), ["usr/bin/python3.11"]);
  assert.deepEqual(named({ command: ["./start.sh"], workingDirectory: "/app" }), ["app/start.sh"]);
  assert.deepEqual(named({ entrypoint: ["/bin/sh", "-c", "exec python3 -m app; /opt/tool"] }), ["opt/tool", ...python]);
  assert.deepEqual(named({ entrypoint: ["tool"], environment: ["PATH=/opt:/usr/bin"] }), ["opt/tool"]);
});

test("what is not there, and nothing", () => {
  assert.deepEqual(named({ entrypoint: ["ruby", "../../../etc/none", ""] }), []);
  assert.deepEqual(named({}), []);
});
