import assert from "node:assert/strict";
import { test } from "node:test";
import { logs } from "../../src/rules/logs.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

test("found: logs, old databases, ldconfig's cache; not empty files, live databases, logs of other users", () => {
  const facts = factsOf([
    [
      { path: "var/log/" },
      { path: "var/log/apt/term.log", content: "t", gid: 4 },
      { path: "var/log/dpkg.log", content: "d" },
      { path: "var/log/wtmp" },
      { path: "var/log/lastlog", content: "l".repeat(292) },
      { path: "var/log/postgresql/main.log", content: "p", uid: 100 },
      { path: "var/lib/dpkg/status", content: "" },
      { path: "var/lib/dpkg/status-old", content: "s" },
      { path: "var/cache/debconf/config.dat", content: "c" },
      { path: "var/cache/debconf/config.dat-old", content: "c" },
      { path: "var/cache/ldconfig/aux-cache", content: "a" },
      { path: "srv/var/log/mine", content: "m" },
    ],
  ]);
  assert.deepEqual(claimedBy(logs, facts), [
    "0:var/cache/debconf/config.dat-old",
    "0:var/cache/ldconfig/aux-cache",
    "0:var/lib/dpkg/status-old",
    "0:var/log/apt/term.log",
    "0:var/log/dpkg.log",
    "0:var/log/lastlog",
  ]);
  assert.deepEqual(
    findingsOf(logs, facts).map(({ safety }) => safety),
    ["lossless"],
  );
});

test("a lastlog that a high user id made large is a finding of its own, with its own remedy", () => {
  const lastlog = { path: "var/log/lastlog", content: new Uint8Array(2_000_000) };
  const facts = factsOf([[{ path: "var/log/dpkg.log", content: "d" }, lastlog]], { history: ["RUN useradd -u 100000 app"] });
  assert.deepEqual(
    findingsOf(logs, facts).map((finding) => claimedPaths(finding, facts)),
    [["0:var/log/dpkg.log"], ["0:var/log/lastlog"]],
  );
  assert.equal(findingsOf(logs, facts)[1]?.remedy, "deadweight optimize, or use `useradd --no-log-init` in the RUN of layer 0");
});

test("a log that the image sends to standard output stays", () => {
  const facts = factsOf([
    [
      { path: "dev/" },
      { path: "var/log/nginx/access.log", type: "symlink", link: "/dev/stdout" },
      { path: "app/log", type: "symlink", link: "/var/log/app.log" },
      { path: "var/log/app.log", content: "x" },
    ],
  ]);
  assert.deepEqual(claimedBy(logs, facts), []);
});

test("passed: an image without logs", () => assert.deepEqual(claimedBy(logs, factsOf([[{ path: "a", content: "a" }]])), []));
