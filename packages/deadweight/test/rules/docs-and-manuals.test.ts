import assert from "node:assert/strict";
import { test } from "node:test";
import { docsAndManuals } from "../../src/rules/docs-and-manuals.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const image = (...paths: readonly string[]): ReturnType<typeof factsOf> =>
  factsOf([paths.map((path) => ({ path, content: path }))]);

test("documentation for people in all its places", () => {
  const paths = [
    "opt/conda/share/man/man1/curl.1",
    "usr/local/man/man1/tool.1",
    "usr/local/share/doc/tool/README",
    "usr/share/doc/curl/changelog.gz",
    "usr/share/doc/curl/examples/get.c",
    "usr/share/gtk-doc/html/glib/index.html",
    "usr/share/help/C/gedit/index.page",
    "usr/share/info/sed.info.gz",
    "usr/share/lintian/overrides/sed",
    "usr/share/man/de/man1/ls.1.gz",
    "usr/share/man/man1/ls.1.gz",
  ];
  const facts = image(...paths);
  assert.deepEqual(
    claimedBy(docsAndManuals, facts),
    paths.map((path) => `0:${path}`),
  );
  const [finding] = findingsOf(docsAndManuals, facts);
  assert.equal(finding?.safety, "opt-in");
  assert.equal(
    finding?.message,
    "11 files of documentation in /usr/share/doc, /usr/share/man, /opt/conda/share/man and 6 more, licences kept",
  );
});

test("licences, links that may lead to them, folders and other places are left alone", () => {
  const facts = factsOf([
    [
      { path: "usr/share/doc/" },
      { path: "usr/share/man/man1/" },
      { path: "usr/share/doc/curl/copyright" },
      { path: "usr/share/doc/tool/LICENSE.txt" },
      { path: "usr/share/doc/tool/COPYING" },
      { path: "usr/share/doc/tool/NOTICE" },
      { path: "usr/share/doc/libcurl4", type: "symlink", link: "curl" },
      { path: "usr/share/common-licenses/GPL-3" },
      { path: "app/doc/index.html" },
      { path: "usr/share/docker/config" },
    ],
  ]);
  assert.deepEqual(claimedBy(docsAndManuals, facts), []);
});
