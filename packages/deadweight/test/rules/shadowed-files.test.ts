import assert from "node:assert/strict";
import { test } from "node:test";
import { shadowedFiles } from "../../src/rules/shadowed-files.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

test("one finding for each cause, with what hides and the instruction", () => {
  const facts = factsOf(
    [
      [
        { path: "app/" },
        { path: "app/config", content: "old" },
        { path: "app/one", content: "1" },
        { path: "app/cache/" },
        { path: "app/cache/big", content: "x".repeat(2000) },
        { path: "app/cache/small", content: "x" },
        { path: "app/state/" },
        { path: "app/state/x", content: "x" },
        { path: "app/link/" },
        { path: "app/link/y", content: "y" },
        { path: "app/twice", content: "first" },
        { path: "app/twice", content: "last" },
      ],
      [{ path: "app/config", content: "new" }],
      [{ path: "app/.wh.one" }, { path: "app/.wh.cache" }],
      [{ path: "app/state/" }, { path: "app/state/.wh..wh..opq" }],
      [{ path: "app/link", type: "symlink", link: "state" }],
    ],
    { history: ["COPY app /app", "RUN configure", "RUN rm -rf /app/one /app/cache", "RUN reset", "RUN ln -s state /app/link"] },
  );
  const findings = findingsOf(shadowedFiles, facts);
  assert.deepEqual(
    findings.map((finding) => [finding.message, claimedPaths(finding, facts)]),
    [
      [
        "1 file and 1 folder overwritten by layer 1 (RUN configure) and layer 4 (RUN ln -s state /app/link): /app/config and /app/link",
        ["0:app/config", "0:app/link"],
      ],
      [
        "1 file and 1 folder removed by layer 2 (RUN rm -rf /app/one /app/cache): /app/one and /app/cache",
        ["0:app/cache", "0:app/one", "2:app/cache", "2:app/one"],
      ],
      [
        "2 files below folders removed by layer 2 (RUN rm -rf /app/one /app/cache): /app/cache/big and /app/cache/small",
        ["0:app/cache/big", "0:app/cache/small"],
      ],
      ["1 file below folders emptied by layer 3 (RUN reset): /app/state/x", ["0:app/state/x", "3:app/state"]],
      ["1 file below folders that became a file or a link in layer 4 (RUN ln -s state /app/link): /app/link/y", ["0:app/link/y"]],
      ["1 file stored more than once in layer 0 (COPY app /app): /app/twice", ["0:app/twice"]],
    ],
  );
  for (const { safety, remedy } of findings) assert.deepEqual([safety, remedy], ["lossless", "deadweight optimize"]);
});

test("what stays is never claimed", () => {
  const cases: Record<string, readonly (readonly TestEntry[])[]> = {
    "one layer": [[{ path: "a", content: "x" }]],
    "another name uses the content": [
      [
        { path: "a", content: "x" },
        { path: "b", type: "hardlink", link: "a" },
      ],
      [{ path: ".wh.a" }],
    ],
    "only the owner changed": [[{ path: "a", content: "x" }], [{ path: "a", content: "x", uid: 1000 }]],
    "a folder is stored again": [[{ path: "d/" }], [{ path: "d/", uid: 7 }]],
  };
  for (const [name, layers] of Object.entries(cases)) assert.deepEqual(claimedBy(shadowedFiles, factsOf(layers)), [], name);
});

test("a marker alone is told as such", () => {
  const facts = factsOf([[{ path: "a", content: "x" }], [{ path: ".wh.b" }]], { history: ["COPY a /", "RUN rm -f b"] });
  const [finding] = findingsOf(shadowedFiles, facts);
  assert.equal(finding?.message, "1 marker that hides nothing in layer 1 (RUN rm -f b)");
});
