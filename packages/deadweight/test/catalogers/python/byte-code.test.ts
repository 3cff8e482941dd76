import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { unlistedByteCode } from "../../../src/catalogers/python/byte-code.ts";

const site = "usr/lib/python3.11/site-packages";

suite("byte code that RECORD leaves out", () => {
  test("lies in the folders of the distribution, and by name in the one that all share", () => {
    assert.deepEqual(unlistedByteCode(site, [`${site}/six.py`, `${site}/a/__init__.py`, `${site}/a/b/c.py`, `${site}/a/d.so`]), {
      paths: [
        `${site}/__pycache__/six.cpython-311.pyc`,
        `${site}/__pycache__/six.cpython-311.opt-1.pyc`,
        `${site}/__pycache__/six.cpython-311.opt-2.pyc`,
      ],
      folders: [`${site}/a/__pycache__`, `${site}/a/b/__pycache__`],
    });
  });

  test("is none when RECORD has it", () => {
    const paths = [`${site}/a/b.py`, `${site}/a/__pycache__/b.cpython-311.pyc`];
    assert.deepEqual(unlistedByteCode(site, paths), { paths: [], folders: [] });
  });

  test("is none for scripts outside", () => {
    assert.deepEqual(unlistedByteCode(site, ["usr/bin/tool.py", `${site}x/a.py`]), { paths: [], folders: [] });
  });

  test("is of any version where the folder does not tell", () => {
    const { paths } = unlistedByteCode("usr/lib/python3/dist-packages", ["usr/lib/python3/dist-packages/six.py"]);
    assert.ok(paths.includes("usr/lib/python3/dist-packages/__pycache__/six.cpython-39.pyc"));
    assert.ok(paths.includes("usr/lib/python3/dist-packages/__pycache__/six.cpython-313.pyc"));
  });
});
