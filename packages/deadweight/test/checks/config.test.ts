import assert from "node:assert/strict";
import { test } from "node:test";
import { config } from "../../src/checks/config.ts";
import { comparisonOf, imageOf, saidOf, type Settings } from "../support/side-by-side.ts";

const settings: Settings = {
  Env: ["PATH=/bin", "A=1=2"],
  Entrypoint: ["/app"],
  Cmd: ["serve"],
  User: "app",
  WorkingDir: "/srv",
  Healthcheck: { Test: ["CMD", "curl", "x"], Interval: 5 },
  Labels: { a: "b" },
  Volumes: { "/data": {} },
  StopSignal: "SIGINT",
  ExposedPorts: { "80/tcp": {} },
};
const passwd = { path: "etc/passwd", content: "app:x:5:5::/:/bin/sh\n" };
const said = (after: Settings, files = [passwd]): Promise<string | readonly string[]> =>
  saidOf(config, comparisonOf(imageOf([passwd], settings), imageOf(files, after)));

test("each setting counts", async () => {
  const cases: readonly (readonly [Settings, string])[] = [
    [{ Env: ["PATH=/bin"] }, "Env A: was 1=2, is not set"],
    [{ Env: ["PATH=/bin", "A=1=2", "B="] }, "Env B: was not set, is "],
    [{ Entrypoint: ["/other"] }, 'Entrypoint: was ["/app"], is ["/other"]'],
    [{ Cmd: null }, 'Cmd: was ["serve"], is not set'],
    [{ User: "" }, 'User: was "app", is not set'],
    [{ WorkingDir: "/" }, 'WorkingDir: was "/srv", is "/"'],
    [{ Healthcheck: undefined }, 'Healthcheck: was {"Test":["CMD","curl","x"],"Interval":5}, is not set'],
    [{ Labels: { a: "c" } }, 'Labels a: was "b", is "c"'],
    [{ Volumes: {} }, "Volumes /data: was {}, is not set"],
    [{ StopSignal: "SIGTERM" }, 'StopSignal: was "SIGINT", is "SIGTERM"'],
    [{ ExposedPorts: { "80/tcp": {}, "81/tcp": {} } }, "ExposedPorts 81/tcp: was not set, is {}"],
  ];
  for (const [change, difference] of cases) assert.deepEqual(await said({ ...settings, ...change }), [difference]);
});

test("what no container can tell does not: our labels, names of builds, nothing and null, the order of variables", async () => {
  assert.equal(await said({ ...settings, Labels: { a: "b", "dev.deadweight.version": "1" } }), "same");
  assert.equal(await said({ ...settings, Image: "sha256:1", Hostname: "x", OnBuild: null }), "same");
  assert.equal(await said({ ...settings, Env: ["A=1=2", "PATH=/bin"], Shell: [] }), "same");
});

test("a user that is named must be known", async () => {
  assert.deepEqual(await said(settings, []), ["User app: /etc/passwd is gone"]);
});

test("what was to go may be gone, but not be another, and it is named", async () => {
  const [before, gone] = [{ Env: ["NV_A=1", "B=2"], Entrypoint: ["/banner"] }, new Set(["Env NV_A", "Entrypoint"])];
  const verdict = (after: Settings): unknown =>
    config.compare({ ...comparisonOf(imageOf([], before), imageOf([], after)), goneSettings: gone });
  assert.deepEqual(verdict({ Env: ["B=2"] }), [
    { verdict: "same", reason: "5 settings; gone as announced: Env NV_A and Entrypoint" },
  ]);
  assert.match(JSON.stringify(verdict({ Env: ["NV_A=2", "B=2"] })), /Env NV_A: was 1, is 2/);
  assert.match(JSON.stringify(verdict({ Env: [] })), /"details":\["Env B: was 2, is not set"\]/);
});
