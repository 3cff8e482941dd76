import assert from "node:assert/strict";
import { test } from "node:test";
import { createDisplay, progressMode, type ProgressMode } from "../../../src/cli/progress/create-display.ts";
import { Recorder } from "../../support/command-line.ts";

function noteIn(mode: ProgressMode, isTTY: boolean, environment: Record<string, string> = {}): string {
  const stderr = new Recorder(isTTY);
  const display = createDisplay(mode, {
    argv: [],
    environment,
    stdout: new Recorder(),
    stderr,
    signal: new AbortController().signal,
    now: () => 0,
    node: { version: "", path: "" },
  });
  display.show({ kind: "note", text: "hello \u009b2J" });
  display.close();
  return stderr.text;
}

test("auto: rows on a terminal, lines elsewhere, in CI and on a dumb terminal", () => {
  const rows = "\u001b[?25lhello \\u{9b}2J\n\u001b[?25h";
  const line = "hello \\u{9b}2J\n";
  assert.equal(noteIn("auto", true), rows);
  assert.equal(noteIn("auto", false), line);
  assert.equal(noteIn("auto", true, { CI: "true" }), line);
  assert.equal(noteIn("auto", true, { TERM: "dumb" }), line);
  assert.equal(noteIn("tty", false), rows);
  assert.equal(noteIn("plain", true), line);
  assert.equal(noteIn("quiet", true), "");
});

test("json: one object a line, nothing raw", () => {
  assert.equal(noteIn("json", true), '{"kind":"note","text":"hello \\u009b2J"}\n');
});

test("the flag, else the environment, else auto", () => {
  assert.equal(progressMode("json", { DEADWEIGHT_PROGRESS: "plain" }), "json");
  assert.equal(progressMode(undefined, { DEADWEIGHT_PROGRESS: "plain" }), "plain");
  assert.equal(progressMode(undefined, { DEADWEIGHT_PROGRESS: "" }), "auto");
  assert.equal(progressMode(undefined, {}), "auto");
});
