import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { connect, createServer as createPlainServer } from "node:net";
import { join } from "node:path";
import { toolArchive } from "./dockerfile-set.ts";
import { randomBytesOf } from "./dockerfile-set-bases.ts";
import { run } from "./tools.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** An index of packages, archives and a repository on the loopback interface. */
export interface SetServers {
  /** Where they are, as values for ARG. */
  readonly args: Readonly<Record<"INDEX" | "NPM" | "FILES" | "GIT", string>>;
  readonly close: () => Promise<void>;
}

/** Packages of the index: name, version, bytes of data, what they need. */
const wheels: readonly (readonly [name: string, version: string, bytes: number, needs?: string])[] = [
  ["weighty", "1.0", 3_000_000],
  ["light", "2.0", 10_000],
  ["fastapi", "0.115.0", 400_000, "pydantic"],
  ["pydantic", "2.9.0", 800_000],
  ["uvicorn", "0.30.0", 200_000],
  ["numpy", "1.26.4", 2_000_000],
  ["torch", "2.5.1", 9_000_000, "nvidia-cublas-cu12"],
  ["torchaudio", "2.5.1", 500_000, "torch"],
  ["nvidia-cublas-cu12", "12.1.3.1", 3_000_000],
];

/** Starts all servers, each at a port of its own. */
export async function serveSet(): Promise<SetServers> {
  const folder = temporaryFolder();
  for (const [name, version, bytes, needs] of wheels) makeWheel(folder, name, version, bytes, needs);
  makeSources(folder);
  const files = new Map<string, Uint8Array>(
    readdirSync(folder).map((name) => [`/files/${name}`, readFileSync(join(folder, name))]),
  );
  files.set("/archives/tool.tar.gz", toolArchive());
  for (const name of ["weighty", "only-for-tests"]) files.set(`/tarballs/${name}.tgz`, npmArchive(name));
  const server = createServer((request, response) =>
    answer(request.url ?? "", files, `http://${request.headers.host}`, response),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const http = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const git = await serveRepository();
  return {
    args: { INDEX: `${http}/simple`, NPM: `${http}/npm`, FILES: `${http}/archives`, GIT: git.url },
    close: async () => {
      git.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const caching = { "cache-control": "max-age=365000000, immutable, public" };

function answer(path: string, files: ReadonlyMap<string, Uint8Array>, own: string, response: ServerResponse): void {
  const file = files.get(path);
  const [, project] = /^\/simple\/([a-z0-9-]+)\/$/.exec(path) ?? [];
  const [, packed] = /^\/npm\/([a-z-]+)$/.exec(path) ?? [];
  if (file !== undefined) {
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": file.length,
      etag: `"${path}"`,
      ...caching,
    });
    response.end(file);
  } else if (project !== undefined) {
    const links = [...files.keys()].filter((name) => name.startsWith(`/files/${project.replaceAll("-", "_")}-`));
    const page = links.map((name) => `<a href="${name}">${name.slice("/files/".length)}</a>`).join("\n");
    response.writeHead(links.length === 0 ? 404 : 200, { "content-type": "text/html", ...caching }).end(page);
  } else if (packed !== undefined && files.has(`/tarballs/${packed}.tgz`)) {
    const archive = files.get(`/tarballs/${packed}.tgz`) ?? Buffer.alloc(0);
    const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
    const version = { name: packed, version: "1.0.0", dist: { tarball: `${own}/tarballs/${packed}.tgz`, integrity } };
    response.writeHead(200, { "content-type": "application/json", ...caching });
    response.end(JSON.stringify({ name: packed, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }));
  } else response.writeHead(404).end();
}

const wheelScript = `
import sys, zipfile
folder, name, version, needs, data = sys.argv[1:6]
module = name.replace("-", "_")
info = f"{module}-{version}.dist-info"
files = {
    f"{module}/__init__.py": f"__version__ = '{version}'\\nimport os\\ndef size():\\n    return os.path.getsize(os.path.join(os.path.dirname(__file__), 'data.bin'))\\n",
    f"{module}/data.bin": open(data, "rb").read(),
    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n" + (f"Requires-Dist: {needs}\\n" if needs else ""),
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: deadweight\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
record = "".join(f"{path},,\\n" for path in files) + f"{info}/RECORD,,\\n"
with zipfile.ZipFile(f"{folder}/{module}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
    for path, content in {**files, f"{info}/RECORD": record}.items():
        wheel.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), content)
`;

/** Sources that have to be compiled, without a wheel; to the same bytes each time, as no debug information holds pip's random folder. */
function makeSources(folder: string): void {
  const parent = temporaryFolder();
  const files = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: compiled\nVersion: 1.0\n",
    "setup.py":
      'from setuptools import Extension, setup\nsetup(name="compiled", version="1.0", ext_modules=[Extension("compiled", ["compiled.c"], extra_compile_args=["-g0"])])\n',
    "compiled.c":
      "#include <Python.h>\nstatic PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }\n" +
      'static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};\n' +
      'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiled", "", -1, methods};\n' +
      "PyMODINIT_FUNC PyInit_compiled(void) { return PyModule_Create(&module); }\n",
  };
  mkdirSync(join(parent, "compiled-1.0"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(parent, "compiled-1.0", name), text);
  run("tar", ["--create", "--gzip", "--file", join(folder, "compiled-1.0.tar.gz"), "--directory", parent, "compiled-1.0"]);
}

function makeWheel(folder: string, name: string, version: string, bytes: number, needs = ""): void {
  const data = join(temporaryFolder(), "data");
  writeFileSync(data, randomBytesOf(bytes));
  run("python3", ["-c", wheelScript, folder, name, version, needs, data]);
}

function npmArchive(name: string): Uint8Array {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "package"));
  writeFileSync(join(folder, "package/package.json"), JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
  writeFileSync(join(folder, "package/index.js"), 'exports.size = require("fs").statSync(__dirname + "/data.bin").size;\n');
  writeFileSync(join(folder, "package/data.bin"), randomBytesOf(1_500_000));
  return run("tar", ["--create", "--gzip", "--directory", folder, "package"]);
}

/** A repository whose past is larger than what it holds. */
async function serveRepository(): Promise<{ readonly url: string; readonly close: () => void }> {
  const parent = temporaryFolder();
  const folder = join(parent, "work");
  mkdirSync(folder);
  const identity = ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org"];
  run("git", [...identity, "init", "--quiet"]);
  for (let number = 1; number <= 4; number++) {
    writeFileSync(join(folder, "run.sh"), `#!/bin/sh\necho version ${number}\n`);
    writeFileSync(join(folder, "table.bin"), randomBytesOf(500_000 + number));
    run("git", [...identity, "add", "."]);
    run("git", [...identity, "commit", "--quiet", "-m", `version ${number}`]);
  }
  run("git", ["clone", "--quiet", "--bare", folder, join(parent, "project.git")]);
  const port = await freePort();
  const args = ["daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", `--port=${port}`, `--base-path=${parent}`, parent];
  const child = spawn("git", args, { stdio: "ignore", detached: true });
  await listening(port);
  // git starts the daemon as a process of its own.
  return { url: `git://127.0.0.1:${port}`, close: () => void (child.pid !== undefined && process.kill(-child.pid)) };
}

async function freePort(): Promise<number> {
  const server = createPlainServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false)).on("connect", () => socket.end());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("git daemon does not listen");
}
