import assert from "node:assert/strict";
import { test } from "node:test";
import { pipNoCache } from "../../src/edits/pip-no-cache.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("pip gets --no-cache-dir wherever it installs", () => {
  assertTruth(pipNoCache, [
    ["RUN pip install a", "RUN pip install --no-cache-dir a"],
    [
      "RUN pip3.11 -q install -r r.txt && pip install b",
      "RUN pip3.11 -q install --no-cache-dir -r r.txt && pip install --no-cache-dir b",
    ],
    ["RUN python3 -m pip install \\\n  a", "RUN python3 -m pip install --no-cache-dir \\\n  a"],
    ["RUN if x; then /opt/venv/bin/pip install a; fi", "RUN if x; then /opt/venv/bin/pip install --no-cache-dir a; fi"],
    ['RUN bash -c "pip install a"', 'RUN bash -c "pip install --no-cache-dir a"'],
    ["RUN <<EOF\npip install a\nEOF", "RUN <<EOF\npip install --no-cache-dir a\nEOF"],
    ["RUN xargs -a p.txt true; pip install $(cat x)", "RUN xargs -a p.txt true; pip install --no-cache-dir $(cat x)"],
  ]);
});

test("it is left alone where nothing is kept or the cache is not in the image", () => {
  assertUntouched(pipNoCache, [
    "RUN pip install --no-cache-dir a",
    "ENV PIP_NO_CACHE_DIR=1\nRUN pip install a",
    "ARG PIP_NO_CACHE_DIR=off\nRUN pip install a",
    "RUN PIP_NO_CACHE_DIR=1 pip install a",
    "RUN --mount=type=cache,target=/root/.cache/pip pip install a",
    "RUN --mount=type=cache,target=/root/.cache pip install a",
    "USER app\nRUN --mount=type=cache,target=/home/app/.cache/pip,uid=1000 pip install a",
    "ENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install a",
    "RUN pip install a && rm -rf ~/.cache/pip",
    "RUN pip install a && rm -rf /root/.cache",
    "RUN pip install a && pip cache purge",
    "RUN echo pip install a",
    'RUN ["pip", "install", "a"]',
    "RUN pip list",
    "RUN uv pip install a",
    "RUN pip install a\nFROM debian",
  ]);
});

test("with the image it names what the instruction's layer keeps, and nothing where there is nothing", () => {
  const facts = factsOf([
    [{ path: "usr/bin/pip", content: "x" }],
    [
      { path: "root/.cache/pip/http/a", content: "download" },
      { path: "opt/a", content: "b" },
    ],
    [{ path: "root/.cache/pip/http/b", content: "other" }],
    [{ path: "srv/x", content: "x" }],
  ]);
  const text = "FROM debian\nRUN pip install a\nRUN pip install b\nRUN pip install c\n";
  const { proposals } = proposalsOf(pipNoCache, text, { facts, layers: { 2: [1], 3: [2], 4: [3] } });
  const tree = facts.get(fileTree);
  const claimed = proposals.map(({ instruction, saving }) => [
    instruction.line,
    "claims" in saving ? saving.claims.map(({ entry }) => textOf(tree.path(entry))) : [],
  ]);
  assert.deepEqual(claimed, [
    [2, ["root/.cache/pip/http/a"]],
    [3, ["root/.cache/pip/http/b"]],
  ]);
  assert.equal(
    proposalsOf(pipNoCache, text, { facts, layers: { 2: [1], 3: [2], 4: [3] }, asked: ["pip-no-cache"] }).proposals.length,
    3,
  );
});

test("a cache that a later RUN removes is still in the layer that brought it", () => {
  const facts = factsOf([
    [{ path: "usr/bin/pip", content: "x" }],
    [
      { path: "root/.cache/pip/http/a", content: "download" },
      { path: "opt/a", content: "b" },
    ],
    [{ path: "root/.wh..cache" }, { path: "opt/.wh.a" }],
  ]);
  const text = "FROM debian\nRUN pip install a\nRUN rm -rf /root/.cache /opt/a\n";
  const { proposals } = proposalsOf(pipNoCache, text, { facts, layers: { 2: [1], 3: [2] } });
  const tree = facts.get(fileTree);
  const claimed = proposals.map(({ saving }) => ("claims" in saving ? saving.claims.map(({ entry }) => tree.path(entry)) : []));
  assert.deepEqual(claimed, [["root/.cache/pip/http/a"]]);
});
