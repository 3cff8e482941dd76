import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eggRequirements, normalName, parseCoreMetadata, requiredNames } from "../../../src/catalogers/python/core-metadata.ts";

suite("METADATA", () => {
  test("name, version and what is needed always", () => {
    const text = [
      "Metadata-Version: 2.1",
      "Name: Foo.Bar_baz",
      "Version: 1.2.3+cu121",
      "License: a text",
      "        that goes on",
      "        Name: not this",
      "Requires-Dist: numpy (>=1.17)",
      "Requires-Dist: typing-extensions>=4.8.0",
      'Requires-Dist: nvidia-cublas-cu12 ==12.1.3.1 ; platform_system == "Linux" and platform_machine == "x86_64"',
      'Requires-Dist: opt-einsum >=3.3 ; extra == "opt-einsum"',
      "Requires-Dist: pytest ; python_version>'3' and extra=='test'",
      "Requires-Dist: uvicorn[standard] ~= 0.30",
      "Requires-Dist: local @ https://example.org/local.zip",
      "Requires-Dist: NumPy",
      "",
      "Name: of a description",
    ].join("\n");
    assert.deepEqual(parseCoreMetadata(Buffer.from(text)), {
      name: "foo-bar-baz",
      version: "1.2.3+cu121",
      requires: ["numpy", "typing-extensions", "nvidia-cublas-cu12", "uvicorn", "local"],
    });
  });

  test("nothing of it is needed", () => {
    assert.deepEqual(parseCoreMetadata(Buffer.from("\0\xff: x\n=\n")), { name: undefined, version: undefined, requires: [] });
  });

  test("line ends may be Windows'", () => {
    assert.deepEqual(parseCoreMetadata(Buffer.from("Name: A\r\nVersion: 1\r\n\r\nName: B\r\n")), {
      name: "a",
      version: "1",
      requires: [],
    });
  });
});

test("an extra in a name is no marker", () => assert.deepEqual(requiredNames(["extra==1", "b[extra]"]), ["extra", "b"]));

test("requires.txt has sections for extras and for markers", () => {
  const text = 'six>=1.9\n\n[:python_version < "3"]\nenum34\n\n[docs]\nsphinx\n\n[docs:sys_platform=="win32"]\npywin32\n';
  assert.deepEqual(requiredNames(eggRequirements(Buffer.from(text))), ["six", "enum34"]);
});

test("names are compared in the normal form of PEP 503", () => {
  assert.equal(normalName("Foo__Bar-.baz"), "foo-bar-baz");
});
