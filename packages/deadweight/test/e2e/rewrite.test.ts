import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dirname } from "node:path";
import { rewrite } from "../../src/index.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { build, docker, type Builder } from "../support/engine.ts";
import { tagBase } from "../support/e2e-base.ts";
import { isInstalled } from "../support/registry.ts";
import { editOf, folderWith, rewriteOptions } from "../support/rewriting.ts";
import { withoutEngine } from "../support/tools.ts";

const base = "deadweight-rewrite-base:test";

/** Two stages that are shipped, one that is not, and all that builders note in ways of their own. */
const dockerfile = `# a comment
ARG BASE=${base}
FROM \${BASE} AS tools
RUN echo tool > /tool

FROM \${BASE} AS first
ARG NAME=world
ENV GREETING="hello   you"
RUN mkdir -p /data && \\
    # a comment within
    echo "$NAME" > /data/name
WORKDIR /srv
COPY a.txt b.txt ./
COPY --from=tools --chown=1:1 /tool /usr/bin/tool

FROM first
RUN ["/bin/sh", "-c", "echo exec > /data/exec"]
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN echo   "two  blanks"  >  /data/bash; \\
  true
ADD a.txt /opt/
USER nobody
CMD ["sh"]
`;

/** Why these tests can't run on this machine, or false. */
function missing(): string | false {
  if (!isInstalled("debootstrap")) return "debootstrap: not on this machine";
  return process.getuid?.() === 0 ? withoutEngine() : "debootstrap: needs root";
}

describe("instructions and their layers", { skip: missing() }, () => {
  const names = { legacy: "deadweight-rewrite-legacy:test", buildkit: "deadweight-rewrite-buildkit:test" };
  const file = folderWith({ Dockerfile: dockerfile, "a.txt": "a", "b.txt": "b" });
  before(async () => tagBase(base));
  after(async () => {
    for (const name of [...Object.values(names), base]) await docker("image", "rm", "--force", name).catch(() => undefined);
  });

  for (const builder of ["legacy", "buildkit"] as const satisfies readonly Builder[]) {
    test(`by the ${builder} builder: each instruction has the layer that holds its files`, async () => {
      await build(builder, dirname(file), names[builder]);
      const written = new Map<string, readonly string[]>();
      const spy = editOf("spy", ({ dockerfile: { instructions, text }, built }) => {
        assert.ok(built);
        const tree = built.facts.get(fileTree);
        const entries = Array.from({ length: tree.entryCount }, (_, entry) => entry).filter(
          (entry) => tree.type(entry) === "file",
        );
        for (const one of instructions) {
          const layers = built.layersOf(one);
          const paths = entries.filter((entry) => layers.includes(tree.layerOf(entry))).map((entry) => textOf(tree.path(entry)));
          if (layers.length > 0) written.set(text.slice(one.start, one.end).split("\n")[0] ?? "", paths);
        }
        return { proposals: [], notes: [] };
      });
      await rewrite(file, rewriteOptions({ image: `docker:${names[builder]}` }), [spy]);
      assert.deepEqual(Object.fromEntries([...written].filter(([line]) => !line.startsWith("WORKDIR"))), {
        "RUN mkdir -p /data && \\": ["data/name"],
        "COPY a.txt b.txt ./": ["srv/a.txt", "srv/b.txt"],
        "COPY --from=tools --chown=1:1 /tool /usr/bin/tool": ["usr/bin/tool"],
        'RUN ["/bin/sh", "-c", "echo exec > /data/exec"]': ["data/exec"],
        'RUN echo   "two  blanks"  >  /data/bash; \\': ["data/bash"],
        "ADD a.txt /opt/": ["opt/a.txt"],
      });
    });
  }
});
