import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadedArchives } from "../../src/edits/downloaded-archives.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("an archive goes once it is unpacked", () => {
  assertTruth(downloadedArchives, [
    [
      "RUN curl -fsSLO https://m.example/a.tgz && tar xzf a.tgz && make",
      "RUN curl -fsSLO https://m.example/a.tgz && tar xzf a.tgz && rm -f a.tgz && make",
    ],
    [
      "RUN wget -qO /tmp/a.zip https://m.example/x; unzip /tmp/a.zip -d /opt",
      "RUN wget -qO /tmp/a.zip https://m.example/x; unzip /tmp/a.zip -d /opt; rm -f /tmp/a.zip".replace("; rm", " && rm"),
    ],
    [
      "RUN set -e; curl -o a.deb https://m.example/x; dpkg -i a.deb; ls",
      "RUN set -e; curl -o a.deb https://m.example/x; dpkg -i a.deb; rm -f a.deb; ls",
    ],
    [
      "RUN wget https://m.example/a.deb && apt-get install -y ./a.deb",
      "RUN wget https://m.example/a.deb && apt-get install -y ./a.deb && rm -f ./a.deb",
    ],
    [
      "RUN wget -P /tmp https://m.example/a.tar.xz && tar -C /opt -xf /tmp/a.tar.xz",
      "RUN wget -P /tmp https://m.example/a.tar.xz && tar -C /opt -xf /tmp/a.tar.xz && rm -f /tmp/a.tar.xz",
    ],
  ]);
});

test("it stays where it is wanted, removed already, not literal, or none of the RUN's own", () => {
  assertUntouched(downloadedArchives, [
    "RUN curl -O https://m.example/a.tgz && tar xzf a.tgz && rm a.tgz",
    "RUN curl -O https://m.example/a.tgz && tar xzf a.tgz && rm *.tgz",
    "RUN curl -O https://m.example/a.tgz && tar xzf a.tgz && cp a.tgz /opt",
    "RUN curl -O https://m.example/a.tgz && tar xzf a.tgz\nRUN sha256sum a.tgz",
    "RUN curl -O https://m.example/a.tgz && tar xzf a.tgz\nRUN cp *.tgz /opt",
    "RUN curl -O https://m.example/$F && tar xzf $F",
    "RUN curl https://m.example/a.tgz | tar xz",
    "COPY a.tgz .\nRUN tar xzf a.tgz",
    "RUN if x; then curl -O https://m.example/a.tgz && tar xzf a.tgz; fi",
    "RUN --mount=type=cache,target=/d wget -O /d/a.tgz https://m.example/a.tgz && tar xf /d/a.tgz",
    "RUN tar czf a.tgz x",
  ]);
});

test("the archive is found in the instruction's layer", () => {
  const facts = factsOf([[{ path: "tmp/a.tgz", content: "archive" }]]);
  const text = "FROM a\nRUN wget -O /tmp/a.tgz https://m.example/a.tgz && tar xf /tmp/a.tgz\n";
  const [proposal] = proposalsOf(downloadedArchives, text, { facts, layers: { 2: [0] } }).proposals;
  assert.deepEqual(proposal?.saving, { claims: [{ entry: 0 }] });
  assert.deepEqual(
    proposalsOf(downloadedArchives, text, { facts: factsOf([[{ path: "x", content: "y" }]]), layers: { 2: [0] } }).proposals,
    [],
  );
});
