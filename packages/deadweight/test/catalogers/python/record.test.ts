import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseRecord, pathFrom } from "../../../src/catalogers/python/record.ts";

suite("RECORD", () => {
  const cases: readonly (readonly [text: string, paths: readonly string[]])[] = [
    ["a.py,sha256=x,10\nb/c.py,,\n", ["a.py", "b/c.py"]],
    ["a.py,,\r\nb.py,,\r\n", ["a.py", "b.py"]],
    ['"with, comma.py",sha256=x,1\n"with ""quotes"".py",,\nlast,,', ["with, comma.py", 'with "quotes".py', "last"]],
    ['"two\nlines.py",,\nb.py,,\n', ["two\nlines.py", "b.py"]],
    ["one.py\ntwo.py\n", ["one.py", "two.py"]],
    ["\n\na.py,,\n,,\n", ["a.py"]],
    ['a.py,,\n"never closed,,\nb.py,,\n', ["a.py"]],
    ["", []],
  ];
  for (const [text, paths] of cases) test(JSON.stringify(text), () => assert.deepEqual([...parseRecord(text)], paths));
});

suite("a path from a folder", () => {
  const cases: readonly (readonly [folder: string, path: string, found: string | undefined])[] = [
    ["usr/lib/python3.11/site-packages", "numpy/__init__.py", "usr/lib/python3.11/site-packages/numpy/__init__.py"],
    ["usr/local/lib/python3.11/site-packages", "../../../bin/x", "usr/local/bin/x"],
    ["site/a.egg-info", "../a/__init__.py", "site/a/__init__.py"],
    ["site/a.egg-info", "./PKG-INFO", "site/a.egg-info/PKG-INFO"],
    ["site", "/etc/app.conf", "etc/app.conf"],
    ["site", "a//b/./c.py", "site/a/b/c.py"],
    ["", "a.py", "a.py"],
    ["site", "../../etc/passwd", undefined],
    ["site", "/../x", undefined],
    ["site", "..name/a", "site/..name/a"],
  ];
  for (const [folder, path, found] of cases) test(`${path} from ${folder}`, () => assert.equal(pathFrom(folder, path), found));
});
