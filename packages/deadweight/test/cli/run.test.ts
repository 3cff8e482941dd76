import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Output } from "../../src/cli/session.ts";
import { run } from "../../src/cli/run.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { commandLine, Recorder } from "../support/command-line.ts";
import { sampleReport } from "../support/sample-report.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

test("the version, without loading anything", async () => {
  for (const flag of ["-V", "--version"]) {
    const stdout = new Recorder();
    const session = {
      argv: [flag],
      environment: {},
      stdout,
      stderr: new Recorder(),
      signal: new AbortController().signal,
      now: () => 0,
      node: { version: "", path: "" },
    };
    assert.equal(await run(session, () => Promise.reject(new Error("loaded"))), 0);
    assert.equal(stdout.text, `${manifest.version}\n`);
  }
});

test("help is on standard output and exits 0; it lists all commands, with examples", async () => {
  for (const argv of [["--help"], ["help"], ["-h"]]) {
    const { code, stdout, stderr } = await commandLine(argv);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const name of ["analyze|analyse", "report", "explain", "doctor"])
      assert.match(stdout, new RegExp(`^ {2}${name.replace("|", "\\|")} `, "m"));
    assert.match(stdout, /^Examples:\n {2}deadweight analyze /m);
  }
});

test("no command: the help on standard error, exit 2", async () => {
  const { code, stdout, stderr } = await commandLine([]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^Usage: deadweight /);
});

test("the help of a command has groups", async () => {
  const { code, stdout } = await commandLine(["help", "analyze"]);
  assert.equal(code, 0);
  for (const heading of ["Image:", "Rules:", "Output:", "Gates (exit code 1):", "Progress:", "Examples:"]) {
    assert.ok(stdout.includes(`\n${heading}\n`), heading);
  }
});

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [["analyz", "x"], /^error: unknown command 'analyz'\n\(Did you mean analyze\?\)/],
  [["analyze", "x", "--formt", "json"], /^error: unknown option '--formt'\n\(Did you mean --format\?\)/],
  [["analyze"], /^error: missing required argument 'image'/],
  [["analyze", "x", "y"], /^error: too many arguments/],
  [["analyze", "x", "-f", "jsn"], /argument 'jsn' is invalid\. Allowed choices are json, markdown, table\./],
  [["analyze", "x", "--progress", "loud"], /Allowed choices are auto, tty, plain, json, quiet\./],
  [["analyze", "x", "--only", "logs", "--skip", "locales"], /cannot be used with/],
  [
    ["analyze", "x", "--only", "pip-cahce"],
    /^error: rule pip-cahce: there is none of that name\nhint: did you mean "pip-cache"\?\n$/,
  ],
  [["analyze", "x", "--skip", "lgos"], /hint: did you mean "logs"\?/],
  [["analyze", "x", "--fail-on", "losless"], /hint: did you mean "lossless"\?/],
  [["analyze", "x", "--budget", "compressed=lots"], /hint: write for instance compressed=2GB/],
  [["analyze", "x", "--platform", "amd64"], /^error: platform amd64: not of the form/],
  [["analyze", "x", "-o", "report"], /its ending names no format/],
  [["analyze", "x", "-o", "jsn=report.txt"], /hint: did you mean "json"\?/],
  [["analyze", "x", "-o", "json="], /no file after json=/],
  [["analyze", "x", "-o", "a.json", "-o", "table=a.json"], /output a\.json: asked for twice/],
  [["analyze", "x", "-o", "/no/such/folder/a.json"], /could not write \/no\/such\/folder\/a\.json: there is no folder/],
  [["analyze", "x", "-o", "json=/tmp"], /could not write \/tmp: it is a folder/],
  [["report"], /^error: report: no file was given\nhint: save one with/],
  [["explain", "pip-cahce"], /hint: did you mean "pip-cache"\?/],
];

for (const [argv, message] of wrong) {
  test(`wrong usage exits 2 and says so: ${argv.join(" ")}`, async () => {
    const analyze = (): never => assert.fail("it was analysed all the same");
    const { code, stdout, stderr } = await commandLine(argv, { analyze });
    assert.match(stderr, message);
    assert.equal(code, 2);
    assert.equal(stdout, "");
  });
}

test("a wrong word in the environment is wrong usage too", async () => {
  const { code, stderr } = await commandLine(["analyze", "x"], { environment: { DEADWEIGHT_PROGRESS: "loud" } });
  assert.equal(code, 2);
  assert.match(stderr, /DEADWEIGHT_PROGRESS loud: no such mode\nhint: known are: auto, tty/);
});

test("an error of the input: its own exit code, message and hint, nothing on standard output", async () => {
  const analyze = (): Promise<never> =>
    Promise.reject(new UserError("not-found", "image x: not found\u001b[2J", { hint: "look\nelsewhere" }));
  const { code, stdout, stderr } = await commandLine(["analyze", "x"], { analyze });
  assert.equal(code, 3);
  assert.equal(stdout, "");
  assert.equal(stderr, "error: image x: not found\\x1b[2J\nhint: look\\nelsewhere\n");
});

test("a bug: 70, a request to report it, the stack only with DEADWEIGHT_DEBUG", async () => {
  const analyze = (): Promise<never> => Promise.reject(new TypeError("x is undefined", { cause: new Error("the cause") }));
  const { code, stderr } = await commandLine(["analyze", "x"], { analyze });
  assert.equal(code, 70);
  assert.match(stderr, /^error: a bug in deadweight: TypeError: x is undefined\nplease report it /);
  assert.doesNotMatch(stderr, /run\.test/);
  const debug = await commandLine(["analyze", "x"], { analyze, environment: { DEADWEIGHT_DEBUG: "1" } });
  assert.match(debug.stderr, / {4}at .*run\.test\.ts/);
  assert.match(debug.stderr, /^Error: the cause$/m);
});

for (const [name, expected] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`stopped by ${name}: ${expected}, whatever the analysis throws then`, async () => {
    const stop = new AbortController();
    const analyze = (): Promise<never> => {
      stop.abort(name);
      return Promise.reject(new Error("aborted"));
    };
    const { code, stderr } = await commandLine(["analyze", "x"], { analyze, signal: stop.signal });
    assert.equal(code, expected);
    assert.equal(stderr, `stopped by ${name}\n`);
  });
}

test("the cursor is back and the rows are gone after a stop", async () => {
  const stop = new AbortController();
  const stderr = new Recorder(true);
  await commandLine(["analyze", "x", "--progress", "tty"], {
    stderr,
    signal: stop.signal,
    analyze: (_, { onProgress }) => {
      onProgress?.({ kind: "start", id: "1", label: "layer 1", total: 10 });
      stop.abort("SIGINT");
      return Promise.reject(new Error("aborted"));
    },
  });
  assert.match(stderr.text, /layer 1 {2}0 B of 10 B, 0%\n\u001b\[1A\r\u001b\[J\u001b\[\?25hstopped by SIGINT\n$/);
});

test("a reader that goes away is no failure; a full disk is one", async () => {
  const failing = (code: string): Output => ({
    write: (_, done) => done?.(Object.assign(new Error(`write ${code}`), { code })),
  });
  assert.equal((await commandLine(["explain"], { stdout: failing("EPIPE") })).code, 0);
  const full = await commandLine(["analyze", "x"], { stdout: failing("ENOSPC"), analyze: () => Promise.resolve(sampleReport) });
  assert.equal(full.code, 3);
  assert.match(full.stderr, /^error: could not write the result: write ENOSPC\n$/);
});
