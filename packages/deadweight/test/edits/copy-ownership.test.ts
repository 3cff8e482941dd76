import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOwnership } from "../../src/edits/copy-ownership.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("COPY gives owner and mode", () => {
  assertTruth(copyOwnership, [
    ["COPY . /srv\nRUN chown -R 1000:1000 /srv", "COPY --chown=1000:1000 . /srv\nRUN chown 1000:1000 /srv"],
    [
      "RUN useradd -m app\nWORKDIR /srv\nCOPY a b ./\nRUN chown -R app /srv",
      "RUN useradd -m app\nWORKDIR /srv\nCOPY --chown=app:0 a b ./\nRUN chown app /srv",
    ],
    [
      "RUN useradd app\nCOPY a /srv/a\nCOPY b /srv/b\nRUN chown -R app:app /srv && ls /tmp",
      "RUN useradd app\nCOPY a /srv/a\nCOPY b /srv/b\nRUN chown -R app:app /srv && ls /tmp",
    ],
    [
      "RUN useradd app\nCOPY a /srv/a\nCOPY b /srv/b\nRUN chown -Rv app:app /srv",
      "RUN useradd app\nCOPY --chown=app:app a /srv/a\nCOPY --chown=app:app b /srv/b\nRUN chown -v app:app /srv",
    ],
    ["COPY run.sh /run.sh\nRUN chmod +x /run.sh", "COPY --chmod=755 run.sh /run.sh"],
    ["COPY run.sh /\nRUN chmod 700 /run.sh && true", "COPY --chmod=700 run.sh /\nRUN true"],
    ["copy --link . /srv\nrun chown --recursive 0:5 /srv", "copy --chown=0:5 --link . /srv\nrun chown 0:5 /srv"],
  ]);
});

test("it is left alone where the result could differ", () => {
  assertUntouched(copyOwnership, [
    "COPY . /srv\nRUN chown -R app:app /srv",
    "COPY . /srv\nRUN useradd app && chown -R app:app /srv",
    "COPY . /srv\nRUN cd /srv && npm ci\nRUN chown -R 1:1 /srv",
    "WORKDIR /srv\nRUN npm ci\nCOPY . .\nRUN chown -R 1:1 /srv",
    "COPY . /srv\nRUN chown -R 1:1 /srv /opt",
    "COPY . /srv\nRUN chown -R 1: /srv",
    "COPY . /srv\nRUN chmod -R 755 /srv",
    "COPY --chown=2:2 . /srv\nRUN chown -R 1:1 /srv",
    "COPY . /srv\nRUN chown -R 1:1 /opt",
    "COPY . /srv\nRUN if x; then chown -R 1:1 /srv; fi",
    "COPY a /bin/a\nCOPY b /bin/a\nRUN chmod +x /bin/a",
    "COPY . $D\nRUN chown -R 1:1 /srv",
    "COPY . /srv\nRUN chown -R --from=0 1:1 /srv",
  ]);
});

test("with the image it counts the copies of the RUN's layer", () => {
  const facts = factsOf([[{ path: "srv/a", content: "aaa" }], [{ path: "srv/a", content: "aaa", uid: 1000 }]]);
  const text = "FROM a\nCOPY . /srv\nRUN chown -R 1000:0 /srv\n";
  const [proposal] = proposalsOf(copyOwnership, text, { facts, layers: { 2: [0], 3: [1] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const tree = facts.get(fileTree);
  assert.deepEqual(
    proposal.saving.claims.map(({ entry }) => [tree.layerOf(entry), textOf(tree.path(entry))]),
    [[1, "srv/a"]],
  );
});
