import assert from "node:assert/strict";
import { test } from "node:test";
import { reachedFiles } from "../../src/checks/reached-files.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Changes, type Settings } from "../support/side-by-side.ts";

const program = (path: string, constants: readonly string[] = []): TestEntry => ({
  path,
  content: dynamicElf({ constants }),
  mode: 0o755,
});
const text = (path: string, content = "x"): TestEntry => ({ path, content });

/** What is said when each of these files is removed, though the list of changes has it. */
async function saidWithout(
  files: readonly TestEntry[],
  settings: Settings,
  ...paths: readonly string[]
): Promise<readonly string[]> {
  assert.equal(await saidOf(reachedFiles, comparisonOf(imageOf(files, settings), imageOf(files, settings))), "same");
  const said: string[] = [];
  for (const path of paths) {
    const after = files.filter((file) => file.path !== path);
    assert.equal(after.length, files.length - 1, path);
    const changes: Changes = { [path]: "remove" };
    const result = await saidOf(reachedFiles, comparisonOf(imageOf(files, settings), imageOf(after, settings), changes));
    said.push(typeof result === "string" ? result : result.join("; "));
  }
  return said;
}

test("what a shell script calls, and settings that a program has the name of", async () => {
  const files = [
    text("start.sh", "#!/bin/sh\nset -e\ngunzip -c /srv/page.gz > /srv/page\nexec nginx\n"),
    program("bin/sh"),
    program("usr/bin/gunzip"),
    program("usr/bin/gcc"),
    program("usr/sbin/nginx", ["/etc/nginx/nginx.conf", "/var/log/nginx/error.log"]),
    text(
      "etc/nginx/nginx.conf",
      "# /etc/nginx/never\ninclude /etc/nginx/mime.types;\ninclude /etc/nginx/conf.d/*.conf;\nload_module modules/echo.so;\n",
    ),
    text("usr/lib/nginx/modules/echo.so"),
    text("etc/nginx/never"),
    text("etc/nginx/mime.types"),
    text("etc/nginx/conf.d/site.conf", "root /srv/html;\n"),
    { path: "srv/html/" },
    text("srv/html/index.html"),
    text("srv/page.gz"),
    text("var/log/nginx/error.log"),
  ];
  const paths = [
    "usr/bin/gunzip",
    "usr/sbin/nginx",
    "etc/nginx/mime.types",
    "etc/nginx/conf.d/site.conf",
    "srv/html/index.html",
    "srv/page.gz",
    "usr/lib/nginx/modules/echo.so",
  ];
  assert.deepEqual(await saidWithout(files, { Cmd: ["/start.sh"] }, ...paths), [
    "/usr/bin/gunzip: gone, and /start.sh names it",
    "/usr/sbin/nginx: gone, and /start.sh names it",
    "/etc/nginx/mime.types: gone, and /etc/nginx/nginx.conf names it",
    "/etc/nginx/conf.d/site.conf: gone, and /etc/nginx/nginx.conf names it",
    "/srv/html/index.html: gone, and /etc/nginx/conf.d/site.conf names it",
    "/srv/page.gz: gone, and /start.sh names it",
    "/usr/lib/nginx/modules/echo.so: gone, and /etc/nginx/nginx.conf names it",
  ]);
  const others = await saidWithout(files, { Cmd: ["/start.sh"] }, "usr/bin/gcc", "etc/nginx/never", "var/log/nginx/error.log");
  assert.deepEqual(others, ["same", "same", "same"]);
});

test("settings that a script writes before the program that reads them starts are not missed", async () => {
  const files = [
    text("start.sh", "#!/bin/sh\nsed s/PORT/80/ /etc/site.template > /etc/nginx/conf.d/site.conf\nexec nginx\n"),
    program("bin/sh"),
    program("usr/bin/sed"),
    program("usr/sbin/nginx", ["/etc/nginx/nginx.conf"]),
    text("etc/site.template"),
    text("etc/nginx/nginx.conf", "include /etc/nginx/conf.d/*.conf;\n"),
    { path: "etc/nginx/conf.d/site.conf", type: "symlink" as const, link: "../available/site.conf" },
    text("etc/nginx/available/site.conf", "root /srv/html;\n"),
    text("etc/nginx/conf.d/other.conf", "root /srv/html;\n"),
  ];
  const paths = [
    "etc/nginx/conf.d/site.conf",
    "etc/nginx/available/site.conf",
    "etc/site.template",
    "etc/nginx/conf.d/other.conf",
  ];
  assert.deepEqual(await saidWithout(files, { Cmd: ["/start.sh"] }, ...paths), [
    "same",
    "same",
    "/etc/site.template: gone, and /start.sh names it",
    "/etc/nginx/conf.d/other.conf: gone, and /etc/nginx/nginx.conf names it",
  ]);
});

const site = "usr/lib/python3/dist-packages";
const python = [
  program("usr/bin/python3.11"),
  text("usr/lib/python3.11/encodings/__init__.py"),
  text("usr/lib/python3.11/json/__init__.py", "from .decoder import JSONDecoder\n"),
  text("usr/lib/python3.11/json/decoder.py"),
  text("usr/lib/python3.11/json/tool.py"),
];

test("what Python modules import, directly and by others", async () => {
  const files = [
    ...python,
    text("srv/app/main.py", "import flask\nfrom . import views\nopen('data.json')\n"),
    text("srv/app/__init__.py"),
    text("srv/app/views.py", "import json\n"),
    text("srv/app/data.json"),
    text("srv/app/unused.py"),
    text(`${site}/flask/__init__.py`, "from .app import Flask as Flask\n"),
    text(`${site}/flask/app.py`),
    text(`${site}/flask/testing.py`),
  ];
  const settings = { Cmd: ["python3.11", "-m", "uvicorn", "app.main:app"], WorkingDir: "/srv" };
  const paths = [
    "srv/app/views.py",
    "srv/app/__init__.py",
    `${site}/flask/app.py`,
    "usr/lib/python3.11/json/decoder.py",
    "srv/app/data.json",
  ];
  assert.deepEqual(await saidWithout(files, settings, ...paths), [
    "/srv/app/views.py: gone, and /srv/app/main.py names it",
    "/srv/app/__init__.py: gone, and the command names it",
    `/${site}/flask/app.py: gone, and /${site}/flask/__init__.py names it`,
    "/usr/lib/python3.11/json/decoder.py: gone, and /usr/lib/python3.11/json/__init__.py names it",
    "/srv/app/data.json: gone, and /srv/app/main.py names it",
  ]);
  const others = ["srv/app/unused.py", `${site}/flask/testing.py`, "usr/lib/python3.11/json/tool.py"];
  assert.deepEqual(await saidWithout(files, settings, ...others), ["same", "same", "same"]);
});

test("what modules of Node require", async () => {
  const files = [
    program("usr/bin/node"),
    text("app/server.js", "const a = require('express'); import b from \"./lib/b\"; import fs from 'node:fs';\n"),
    text("app/lib/b.js"),
    text("app/node_modules/express/package.json", '{"name": "express", "version": "1.0.0", "main": "./lib/index"}'),
    text("app/node_modules/express/lib/index.js", "require('inner')"),
    text("app/node_modules/express/lib/other.js"),
    text("app/node_modules/inner/index.js"),
    text("app/node_modules/unused/lib/index.js"),
  ];
  const paths = [
    "app/lib/b.js",
    "app/node_modules/express/package.json",
    "app/node_modules/express/lib/index.js",
    "app/node_modules/inner/index.js",
  ];
  assert.deepEqual(await saidWithout(files, { Cmd: ["node", "/app/server.js"] }, ...paths), [
    "/app/lib/b.js: gone, and /app/server.js names it",
    "/app/node_modules/express/package.json: gone, and /app/server.js names it",
    "/app/node_modules/express/lib/index.js: gone, and /app/server.js names it",
    "/app/node_modules/inner/index.js: gone, and /app/node_modules/express/lib/index.js names it",
  ]);
  const others = ["app/node_modules/express/lib/other.js", "app/node_modules/unused/lib/index.js"];
  assert.deepEqual(await saidWithout(files, { Cmd: ["node", "/app/server.js"] }, ...others), ["same", "same"]);
});

test("an image without a command, or read without its programs, is not passed", async () => {
  const files = [program("bin/sh")];
  assert.equal(
    await saidOf(reachedFiles, comparisonOf(imageOf(files), imageOf([]))),
    "not-run: the commands of the image name no file that is there",
  );
  assert.equal(
    await saidOf(reachedFiles, comparisonOf(factsOf([files]), factsOf([]))),
    "not-run: the programs of an image were not looked into",
  );
});

test("an entry point that was to go leads to nothing any more, the command does as before", async () => {
  const files = [
    text("entry.sh", "#!/bin/sh\ncat /etc/banner\n"),
    program("app", ["/etc/app.conf"]),
    text("etc/app.conf"),
    text("etc/banner"),
  ];
  const before = imageOf(files, { Entrypoint: ["/entry.sh"], Cmd: ["/app"] });
  const without = (...paths: readonly string[]) => ({
    ...comparisonOf(
      before,
      imageOf(
        files.filter(({ path }) => !paths.includes(path)),
        { Cmd: ["/app"] },
      ),
    ),
    goneSettings: new Set(["Entrypoint"]),
  });
  assert.equal(await saidOf(reachedFiles, without("entry.sh", "etc/banner")), "same");
  assert.deepEqual(await saidOf(reachedFiles, without("etc/app.conf")), ["/etc/app.conf: gone, and /app names it"]);
});

test("modules of a Python that was to go are not missed, those of the one that stays are", async () => {
  const modules = (folder: string): TestEntry[] => [
    program(`${folder}/bin/python3.11`),
    text(`${folder}/lib/python3.11/json.py`),
  ];
  const own = [text("app/main.py", "import json\n"), ...modules("usr/local")];
  const settings = { Cmd: ["/usr/local/bin/python3.11", "/app/main.py"] };
  const announced: Changes = { "usr/bin/python3.11": "remove", "usr/lib/python3.11/json.py": "remove" };
  const saidAfter = (after: readonly TestEntry[], changes: Changes): Promise<string | readonly string[]> =>
    saidOf(reachedFiles, comparisonOf(imageOf([...own, ...modules("usr")], settings), imageOf(after, settings), changes));
  assert.equal(await saidAfter(own, announced), "same");
  assert.match(String(await saidAfter(own, {})), /usr\/lib\/python3\.11\/json\.py: gone/);
  const without = own.filter(({ path }) => !path.endsWith("json.py"));
  assert.match(String(await saidAfter(without, announced)), /usr\/local\/lib\/python3\.11\/json\.py: gone/);
});
