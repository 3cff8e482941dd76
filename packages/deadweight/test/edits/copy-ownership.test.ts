import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOwnership } from "../../src/edits/copy-ownership.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, edited, proposalsOf } from "../support/editing.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";

test("COPY gives owner and mode", () => {
  assertTruth(copyOwnership, [
    ["COPY . /srv\nRUN chown -R 1000:1000 /srv", "COPY --chown=1000:1000 . /srv\nRUN chown 1000:1000 /srv"],
    [
      "RUN useradd -m app\nWORKDIR /srv\nCOPY a b ./\nRUN chown -R app /srv",
      "RUN useradd -m app\nWORKDIR /srv\nCOPY --chown=app:0 a b ./\nRUN chown app /srv",
    ],
    [
      "RUN useradd app\nCOPY a /srv/a\nCOPY b /srv/b\nRUN chown -R app:app /srv && ls /tmp",
      "RUN useradd app\nCOPY --chown=app:app a /srv/a\nCOPY --chown=app:app b /srv/b\nRUN chown app:app /srv && ls /tmp",
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

test("several paths, and chown beside chmod", () => {
  assertTruth(copyOwnership, [
    [
      "COPY a /srv\nCOPY b /opt/b/\nRUN chown -R 1:1 /srv /opt/b/ && chmod -R 0750 /srv /opt/b",
      "COPY --chown=1:1 --chmod=0750 a /srv\nCOPY --chown=1:1 --chmod=0750 b /opt/b/\nRUN chown 1:1 /srv /opt/b/ && chmod 0750 /srv /opt/b",
    ],
    [
      "COPY a /srv\nCOPY b /opt/b\nRUN chown -R 1:1 /srv \\\n && chmod -R 755 /opt/b",
      "COPY --chown=1:1 a /srv\nCOPY --chmod=755 b /opt/b\nRUN chown 1:1 /srv \\\n && chmod 755 /opt/b",
    ],
    // The one file is stored again in any case, the rest no more.
    [
      "COPY a /srv\nRUN chown -R 1:1 /srv && chmod +x /srv/run.sh",
      "COPY --chown=1:1 a /srv\nRUN chown 1:1 /srv && chmod +x /srv/run.sh",
    ],
    [
      "COPY a /srv\nRUN chmod g+w /srv/x && chown -R 1:1 /srv && chmod -R u=rwX /srv/data",
      "COPY --chown=1:1 a /srv\nRUN chmod g+w /srv/x && chown 1:1 /srv && chmod -R u=rwX /srv/data",
    ],
    ["COPY a.sh /bin/a.sh\nRUN chown 1:1 /bin/a.sh && chmod +x /bin/a.sh", "COPY --chown=1:1 --chmod=755 a.sh /bin/a.sh"],
    [
      "COPY a.sh b.sh /bin/\nCOPY c.sh /bin/\nRUN true && chmod 755 /bin/c.sh && chown 1:1 /bin/c.sh && true",
      "COPY a.sh b.sh /bin/\nCOPY --chown=1:1 --chmod=755 c.sh /bin/\nRUN true && true",
    ],
    [
      "COPY c.sh /bin/\nRUN true && chmod 755 /bin/c.sh && chown 1:1 /bin/c.sh",
      "COPY --chown=1:1 --chmod=755 c.sh /bin/\nRUN true",
    ],
    ["RUN mkdir -p /srv\nCOPY a /srv\nRUN chown -R 1:1 /srv", "RUN mkdir -p /srv\nCOPY --chown=1:1 a /srv\nRUN chown 1:1 /srv"],
  ]);
});

test("it is left alone beside what undoes it or stores the files in any case", () => {
  assertUntouched(copyOwnership, [
    "COPY . /srv\nRUN chown -R 1:1 /srv && chmod -R u=rwX /srv",
    "COPY . /srv\nRUN chown -R 1:1 /srv && chmod -R g+w /",
    "COPY . /srv\nRUN chown -R 1:1 /srv && chmod -R 755 $D",
    "COPY . /srv\nRUN chmod u+s /srv/x && chown -R 1:1 /srv",
    "COPY . /srv\nRUN chmod 4755 /srv/x && chown -R 1:1 /srv",
    "COPY . /srv\nRUN chmod 600 /srv/x && chmod -R 755 /srv",
    "COPY . /srv\nRUN chown 2:2 /srv/x && chown -R 1:1 /srv",
    "COPY . /srv\nCOPY b /srv/b\nRUN chown -R 1:1 /srv && chown -R 2:2 /srv/b",
    "COPY a.sh /bin/a.sh\nRUN chown 1:1 /bin/a.sh && chmod u+x /bin/a.sh",
  ]);
});

test("no mode that BuildKit drops or passes over, and none of a folder for its files", () => {
  assertUntouched(copyOwnership, [
    "COPY a.sh /bin/a.sh\nRUN chmod 4755 /bin/a.sh",
    "COPY a /srv\nRUN chmod -R 2755 /srv",
    "COPY a /srv\nRUN chmod -R +x /srv",
    "COPY a /srv/a\nRUN chmod -R 755 /srv",
    "COPY . /srv\nRUN chmod 755 /srv",
    "COPY . /srv\nRUN chown 1:1 /srv",
    "COPY app /srv/app\nRUN chmod 755 /srv/app",
    "ADD a.tar.gz /srv\nRUN chown -R 1:1 /srv",
    "RUN useradd app\nCOPY --link . /srv\nRUN chown -R app:app /srv",
    "COPY --parents a/b /srv\nRUN chown -R 1:1 /srv",
    "RUN mkdir -p /srv/data\nCOPY . /srv\nRUN chown -R 1:1 /srv",
    "COPY a.sh /bin/a.sh\nRUN false || chmod 755 /bin/a.sh",
  ]);
  const files = { tool: "", "app/x": "" };
  assertTruth(copyOwnership, [["COPY tool /bin/tool\nRUN chmod 755 /bin/tool", "COPY --chmod=755 tool /bin/tool"]], { files });
  assertUntouched(copyOwnership, ["COPY app /srv/app\nRUN chmod 755 /srv/app"], { files });
});

test("it is left alone where the result could differ", () => {
  assertUntouched(copyOwnership, [
    "COPY . /srv\nRUN chown -R app:app /srv",
    "COPY . /srv\nRUN useradd app && chown -R app:app /srv",
    "COPY . /srv\nRUN cd /srv && npm ci\nRUN chown -R 1:1 /srv",
    "WORKDIR /srv\nRUN npm ci\nCOPY . .\nRUN chown -R 1:1 /srv",
    "COPY . /srv\nRUN chown -R 1:1 /srv /opt",
    "COPY . /srv\nRUN chown -R 1: /srv",
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

test("with the image, files that no COPY brought and folders that were there keep it from being done", () => {
  const text = "FROM a\nCOPY . /srv\nRUN chown -R 7:0 /srv\n";
  const own = [{ path: "srv/a", content: "aaa", uid: 7 }];
  const messageWith = (...base: readonly TestEntry[]): string | undefined => {
    const changed = base.map((one) => ({ ...one, uid: 7 }));
    const facts = factsOf([base, [{ path: "srv/a", content: "aaa" }], [...own, ...changed]]);
    const { proposals, notes } = proposalsOf(copyOwnership, text, { facts, layers: { 2: [1], 3: [2] } });
    return proposals.length > 0 ? undefined : notes[0]?.message;
  };
  const left = (path: string): string => `chown stores again what line 2 copied; left alone: ${path} is not from there`;
  assert.equal(messageWith({ path: "srv/" }), undefined);
  assert.equal(messageWith({ path: "srv/base", content: "b" }), left("/srv/base"));
  assert.equal(messageWith({ path: "srv/data/" }), left("/srv/data"));
});

test("with the image +x becomes the mode that the file has", () => {
  const facts = factsOf([[{ path: "a.sh", content: "aaa", mode: 0o600 }], [{ path: "a.sh", content: "aaa", mode: 0o711 }]]);
  const text = "FROM a\nCOPY a.sh /\nRUN chmod +x /a.sh\n";
  assert.equal(edited(copyOwnership, text, { facts, layers: { 2: [0], 3: [1] } }), "FROM a\nCOPY --chmod=711 a.sh /\n");
});

test("what a command that stays stores again is not counted", () => {
  const before = [
    { path: "srv/a", content: "aaa" },
    { path: "srv/run", content: "run" },
  ];
  const facts = factsOf([before, before.map((one) => ({ ...one, uid: 1 }))]);
  const text = "FROM a\nCOPY . /srv\nRUN chown -R 1:0 /srv && chmod u+x /srv/run\n";
  const [proposal] = proposalsOf(copyOwnership, text, { facts, layers: { 2: [0], 3: [1] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const tree = facts.get(fileTree);
  assert.deepEqual(
    proposal.saving.claims.map(({ entry }) => textOf(tree.path(entry))),
    ["srv/a"],
  );
});
