import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonBytecode } from "../../src/rules/python-bytecode.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const library = "usr/lib/python3";
const files = (...paths: readonly string[]): { path: string; content: string }[] =>
  paths.map((path) => ({ path: `${library}/${path}`, content: path }));

test("byte code with its source is claimed, wherever Python puts it", () => {
  const facts = factsOf([
    files(
      "json/decoder.py",
      "json/__pycache__/decoder.cpython-311.pyc",
      "json/__pycache__/decoder.cpython-311.opt-1.pyc",
      "json/__pycache__/decoder.pypy39.pyc",
      "old.py",
      "old.pyc",
      "old.pyo",
      "with.dots.py",
      "__pycache__/with.dots.cpython-311.pyc",
    ),
  ]);
  assert.deepEqual(claimedBy(pythonBytecode, facts), [
    "0:usr/lib/python3/__pycache__/with.dots.cpython-311.pyc",
    "0:usr/lib/python3/json/__pycache__/decoder.cpython-311.opt-1.pyc",
    "0:usr/lib/python3/json/__pycache__/decoder.cpython-311.pyc",
    "0:usr/lib/python3/json/__pycache__/decoder.pypy39.pyc",
    "0:usr/lib/python3/old.pyc",
    "0:usr/lib/python3/old.pyo",
  ]);
  const [finding] = findingsOf(pythonBytecode, facts);
  assert.equal(finding?.safety, "opt-in");
  assert.equal(finding?.message, "6 compiled Python files beside the source, which make the first import faster");
});

test("a program without source is left alone", () => {
  const facts = factsOf([
    files("main.pyc", "pkg/__pycache__/gone.cpython-311.pyc", "pkg/other.py", "decoder.cpython-311.pyc", "decoder.py"),
  ]);
  assert.deepEqual(claimedBy(pythonBytecode, facts), []);
});

test("a source that a later layer removed is no source", () => {
  const facts = factsOf([files("a.py", "__pycache__/a.cpython-311.pyc"), [{ path: `${library}/.wh.a.py` }]]);
  const verdict = pythonBytecode.evaluate(facts);
  assert.deepEqual(verdict, { notApplicable: "no Python files" });
});

test("byte code that a later layer hid is not visible; sources alone pass", () => {
  const facts = factsOf([
    files("a.py", "__pycache__/a.cpython-311.pyc"),
    [{ path: `${library}/__pycache__/.wh.a.cpython-311.pyc` }],
  ]);
  assert.deepEqual(claimedBy(pythonBytecode, facts), []);
});
