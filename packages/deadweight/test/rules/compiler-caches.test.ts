import assert from "node:assert/strict";
import { test } from "node:test";
import { compilerCaches } from "../../src/rules/compiler-caches.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const claimed = (paths: readonly string[], environment: readonly string[] = []): string[] =>
  claimedBy(compilerCaches, factsOf([paths.map((path) => ({ path, content: "x" }))], { config: { environment } }));

test("found: what cargo, go, maven, gradle and ccache keep", () => {
  const paths = [
    "root/.cargo/registry/cache/serde.crate",
    "usr/local/cargo/git/db/x",
    "go/pkg/mod/a@v1/a.go",
    "home/app/.cache/go-build/00/x",
    "root/.m2/repository/org/x.jar",
    "root/.gradle/caches/modules-2/y.jar",
    "root/.ccache/1/z.o",
  ];
  assert.deepEqual(claimed(paths), paths.map((path) => `0:${path}`).sort());
});

test("found: where the environment puts it", () => {
  const paths = ["opt/deep/down/objects/a", "opt/deep/down/go/b"];
  const environment = ["CCACHE_DIR=/opt/deep/down/objects", "GOCACHE=/opt/deep/down/go"];
  assert.deepEqual(claimed(paths, environment), ["0:opt/deep/down/go/b", "0:opt/deep/down/objects/a"]);
  assert.deepEqual(claimed(paths), []);
});

test("left alone: programs, toolchains and settings beside the caches", () => {
  const paths = [
    "root/.cargo/bin/rg",
    "usr/local/cargo/config.toml",
    "usr/local/go/bin/go",
    "root/.m2/settings.xml",
    "go/bin/tool",
    "srv/pkg/mod/x",
  ];
  assert.deepEqual(claimed(paths), []);
});

test("safety: a container that compiles would need them", () => {
  const [finding] = findingsOf(compilerCaches, factsOf([[{ path: "root/.ccache/1/z.o", content: "x" }]]));
  assert.equal(finding?.safety, "verified");
});
