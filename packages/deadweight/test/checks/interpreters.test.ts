import assert from "node:assert/strict";
import { test } from "node:test";
import { interpreters } from "../../src/checks/interpreters.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Settings } from "../support/side-by-side.ts";

const program = (path: string): TestEntry => ({ path, content: "\x7fELF", mode: 0o755 });
const script = (path: string, line: string): TestEntry => ({ path, content: `#!${line}\nx\n`, mode: 0o755 });

function said(
  before: readonly TestEntry[],
  after: readonly TestEntry[],
  settings: Settings = {},
): Promise<string | readonly string[]> {
  return saidOf(interpreters, comparisonOf(imageOf(before, settings), imageOf(after, settings)));
}

test("what the commands name exists, and may be run", async () => {
  const settings = {
    Entrypoint: ["/entry.sh"],
    Cmd: ["serve", "--port", "80"],
    Healthcheck: { Test: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"] },
  };
  const [entry, serve, curl] = [program("entry.sh"), program("usr/local/bin/serve"), program("usr/bin/curl")];
  assert.equal(await said([entry, serve, curl], [entry, serve, curl], settings), "same");
  assert.deepEqual(await said([entry, serve, curl], [{ ...entry, mode: 0o644 }, serve, curl], settings), [
    "ENTRYPOINT names /entry.sh: /entry.sh may not be run any more",
  ]);
  assert.deepEqual(await said([entry, serve, curl], [entry], settings), [
    "CMD names serve: /usr/local/bin/serve is gone",
    "HEALTHCHECK names curl: /usr/bin/curl is gone",
  ]);
});

test("PATH is the image's, and a program further on in it is as good", async () => {
  const settings = { Cmd: ["serve"], Env: ["PATH=/opt/bin:/bin"] };
  assert.equal(await said([program("opt/bin/serve"), program("bin/serve")], [program("bin/serve")], settings), "same");
  assert.deepEqual(await said([program("bin/serve")], [program("usr/bin/serve")], settings), [
    "CMD names serve: /bin/serve is gone",
  ]);
});

test("a link that leads nowhere any more", async () => {
  const link: TestEntry = { path: "bin/python", type: "symlink", link: "python3.11" };
  const real = program("bin/python3.11");
  assert.deepEqual(await said([link, real], [link], { Cmd: ["/bin/python"] }), [
    "CMD names /bin/python: /bin/python3.11 is gone",
  ]);
});

test("interpreters of scripts", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["/usr/bin/perl -w", "usr/bin/perl"],
    ["/usr/bin/env python3", "usr/bin/python3"],
    ["/usr/bin/env -S A=1 python3 -u", "usr/bin/python3"],
  ];
  const env = program("usr/bin/env");
  for (const [line, path] of cases) {
    const files = [script("a", line), script("b", line), env, program(path)];
    assert.equal(await said(files, files), "same");
    assert.deepEqual(await said(files, files.slice(0, 3)), [`a and 1 more: /${path} is gone`]);
  }
});

test("a script that went with its interpreter, one that nobody can run, and one that never ran", async () => {
  const perl = program("usr/bin/perl");
  assert.equal(await said([script("a", "/usr/bin/perl"), perl], []), "same");
  const text = { ...script("a", "/usr/bin/perl"), mode: 0o644 };
  assert.equal(await said([text, perl], [text]), "same");
  assert.equal(await said([script("a", "/usr/bin/tclsh")], [script("a", "/usr/bin/tclsh")]), "same");
});

test("examples among documents are no programs", async () => {
  const make = program("usr/bin/make");
  const [example, real] = [
    script("usr/share/doc/ca-certificates/examples/build", "/usr/bin/make -f"),
    script("usr/share/doc-tools/run", "/usr/bin/make"),
  ];
  assert.equal(await said([example, make], [example]), "same");
  assert.deepEqual(await said([example, real, make], [example, real]), [
    "usr/share/doc-tools/run and 0 more: /usr/bin/make is gone",
  ]);
});

test("an entry point that was to go is no word of the commands any more", async () => {
  const [before, after] = [imageOf([program("entry.sh")], { Entrypoint: ["/entry.sh"] }), imageOf([], {})];
  assert.deepEqual(await saidOf(interpreters, comparisonOf(before, after)), ["ENTRYPOINT names /entry.sh: /entry.sh is gone"]);
  const announced = { ...comparisonOf(before, after), goneSettings: new Set(["Entrypoint"]) };
  assert.equal(await saidOf(interpreters, announced), "same");
});

test("what node-gyp brings needs no Python that was to go, as it looks for one itself", async () => {
  const [python, gyp] = [program("usr/bin/python3"), script("srv/node_modules/node-gyp/gyp/gyp_main.py", "/usr/bin/env python3")];
  const other = script("srv/main.py", "/usr/bin/env python3");
  const announced = comparisonOf(imageOf([python, gyp]), imageOf([gyp]), { "usr/bin/python3": "remove" });
  assert.equal(await saidOf(interpreters, announced), "same");
  assert.match(String(await said([python, gyp], [gyp])), /gyp_main\.py and 0 more: \/usr\/bin\/python3 is gone$/);
  const used = comparisonOf(imageOf([python, gyp, other]), imageOf([gyp, other]), { "usr/bin/python3": "remove" });
  assert.match(String(await saidOf(interpreters, used)), /^srv\/main\.py and 0 more: \/usr\/bin\/python3 is gone$/);
});
