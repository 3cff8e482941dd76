import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheMounts } from "../../src/edits/cache-mounts.ts";
import { assertTruth, assertUntouched, edited, proposalsOf } from "../support/editing.ts";

const asked = { asked: ["cache-mounts"] };
const pip = "--mount=type=cache,target=/root/.cache/pip,sharing=locked";

test("where it is asked for, downloads are mounted and what would empty the mount is dropped", () => {
  assertTruth(
    cacheMounts,
    [
      ["RUN pip install a", `RUN ${pip} pip install a`],
      ["RUN pip install --no-cache-dir a && rm -rf /root/.cache/pip", `RUN ${pip} pip install a`],
      ["RUN pip install \\\n  --no-cache-dir \\\n  a", `RUN ${pip} pip install \\\n  a`],
      ["RUN --network=host pip install a", `RUN --network=host ${pip} pip install a`],
      ["RUN uv sync --no-cache", "RUN --mount=type=cache,target=/root/.cache/uv,sharing=locked uv sync"],
      ["RUN npm ci && npm cache clean --force && ls", "RUN --mount=type=cache,target=/root/.npm,sharing=locked npm ci && ls"],
      [
        "ENV HOME=/home/app\nUSER 1000:1000\nRUN pip install a",
        "ENV HOME=/home/app\nUSER 1000:1000\nRUN --mount=type=cache,target=/home/app/.cache/pip,sharing=locked,uid=1000,gid=1000 pip install a",
      ],
      ["RUN <<EOF\npip install a\nEOF", `RUN ${pip} <<EOF\npip install a\nEOF`],
    ],
    asked,
  );
});

test("it is left alone unless asked for, and where a condition is not met", () => {
  assertUntouched(cacheMounts, ["RUN pip install a"]);
  const refused: readonly (readonly [string, RegExp])[] = [
    ["USER app\nRUN pip install a", /number of the user app/],
    ["USER 1000\nRUN pip install a", /home of the user/],
    ["ENV PIP_NO_CACHE_DIR=1\nRUN pip install a", /PIP_NO_CACHE_DIR turns/],
    ["RUN pip install a; rm -rf ~/.cache", /can't be taken out/],
  ];
  for (const [row, note] of refused) {
    assertUntouched(cacheMounts, [row], asked);
    assert.match(proposalsOf(cacheMounts, `FROM a\n${row}\n`, asked).notes[0]?.message ?? "", note, row);
  }
  assertUntouched(cacheMounts, [`RUN ${pip} pip install a`, "RUN apt-get install a", "RUN pip list"], asked);
});

test("frontends that are not Docker's own, or too old, are left alone", () => {
  const of = (syntax: string): string => edited(cacheMounts, `# syntax=${syntax}\nFROM a\nRUN pip install a\n`, asked);
  for (const known of ["docker/dockerfile:1", "docker/dockerfile:1.7", "docker/dockerfile:1.7-labs", "docker/dockerfile:1.2.0"])
    assert.match(of(known), /--mount/, known);
  for (const other of ["docker/dockerfile:1.1", "someone/dockerfile-x", "docker/dockerfile:1.0-experimental"])
    assert.doesNotMatch(of(other), /--mount/, other);
});
