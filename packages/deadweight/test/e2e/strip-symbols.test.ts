import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { optimize } from "../../src/pipeline/optimize.ts";
import { optimizeOptions } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run, without, withoutEngine } from "../support/tools.ts";
import { differingPaths, treeByEngine } from "../support/unpacked-tree.ts";

/** The end-to-end tests of `analyze` leave it in the engine. */
const debian = "deadweight-e2e-base:bookworm";
const site = "/usr/local/lib/python3.11/site-packages";

const library = `#include <string.h>
__thread int calls = 1;
static int hidden(const char *text) { return (int)strlen(text) * calls++; }
int measure(const char *text) { return hidden(text); }
`;
const program = `#include <dlfcn.h>
#include <stdio.h>
int main(void) {
  void *library = dlopen("${site}/mod/_core.so", RTLD_NOW);
  if (library == NULL) { puts(dlerror()); return 1; }
  int (*measure)(const char *) = (int (*)(const char *))dlsym(library, "measure");
  printf("%d ", measure("twelve bytes"));
  printf("%d\\n", measure("four"));
  return 7;
}
`;
const dockerfile = `FROM ${debian}
COPY own.deb /opt/own.deb
RUN dpkg --install /opt/own.deb && rm /opt/own.deb
COPY site ${site}
RUN cp -p /usr/bin/own-tool /opt/copy && ln /opt/copy /opt/link && chown daemon ${site}/mod/_core.so
COPY archive /opt/archive
`;

function missing(): string | false {
  const tool = without("gcc") || without("dpkg-deb");
  if (tool) return tool;
  if (process.getuid?.() !== 0) return "root: only root may unpack owners";
  return withoutEngine() || (spawnSync("docker", ["inspect", debian]).status === 0 ? false : `${debian}: not in the engine`);
}

function compile(folder: string, name: string, source: string, ...flags: readonly string[]): Buffer {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, source);
  execFileSync("gcc", ["-g3", "-O1", "-o", path, `${path}.c`, ...flags]);
  return readFileSync(path);
}

/** A Debian package with a program, as dpkg-deb makes it. */
function debianPackage(folder: string, tool: Buffer): void {
  const root = join(folder, "own");
  for (const path of ["DEBIAN", "usr/bin"]) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, "usr/bin/own-tool"), tool, { mode: 0o755 });
  const control = "Package: own\nVersion: 1\nArchitecture: all\nMaintainer: own <own@own.example>\nDescription: own\n";
  writeFileSync(join(root, "DEBIAN/control"), control);
  writeFileSync(join(root, "DEBIAN/md5sums"), `${createHash("md5").update(tool).digest("hex")}  usr/bin/own-tool\n`);
  execFileSync("dpkg-deb", ["--build", root, join(folder, "own.deb")], { stdio: "ignore" });
}

/** An image with programs and a library that were compiled with debug information; it goes when the test ends. */
function built(t: TestContext): string {
  const folder = temporaryFolder();
  const work = temporaryFolder();
  const tool = compile(work, "tool", program, "-ldl");
  debianPackage(folder, tool);
  const core = compile(work, "core.so", library, "-shared", "-fPIC");
  for (const path of ["site/mod", "site/mod-1.0.dist-info"]) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, "site/mod/_core.so"), core);
  writeFileSync(join(folder, "site/mod-1.0.dist-info/METADATA"), "Metadata-Version: 2.1\nName: mod\nVersion: 1.0\n");
  const row = `mod/_core.so,sha256=${createHash("sha256").update(core).digest("base64url")},${core.length}\n`;
  writeFileSync(join(folder, "site/mod-1.0.dist-info/RECORD"), row);
  writeFileSync(join(folder, "archive"), Buffer.concat([tool, Buffer.from("read by the program itself")]), { mode: 0o755 });
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  const name = named(t, "compiled");
  const environment = { ...process.env, DOCKER_BUILDKIT: "0" };
  const made = spawnSync("docker", ["build", "--quiet", "--network", "none", "--tag", name, folder], { env: environment });
  assert.equal(made.status, 0, made.stderr.toString());
  return name;
}

function named(t: TestContext, what: string): string {
  const name = `deadweight-test/strip-${what}:${process.pid}`;
  t.after(() => spawnSync("docker", ["rmi", "--force", name]));
  return name;
}

/** What a command in a container prints, and how it ends. */
function inside(image: string, command: string): string {
  const { stdout, status } = spawnSync("docker", ["run", "--rm", "--network", "none", image, "sh", "-c", command]);
  return `${stdout.toString()}${status}`;
}

const options = optimizeOptions({
  environment: process.env,
  level: "verified",
  only: ["strip-symbols", "drop-metadata-rewrites"],
});

test("programs without symbols do what they did, and dpkg and RECORD agree with them", async (t) => {
  const reason = missing();
  if (reason) return t.skip(reason);
  const [before, after] = [built(t), named(t, "cut")];
  const commands = "own-tool; echo $?; /opt/copy; /opt/link; /opt/archive";
  const expected = "12 8\n7\n12 8\n12 8\n12 8\n7";
  if (inside(before, commands) !== expected) return t.skip(`${debian}: what is compiled here does not run in it`);
  const { changes, predicted, after: weight } = await optimize(`docker:${before}`, `docker:${after}`, options);
  assert.equal(inside(after, commands), expected);
  assert.equal(inside(after, "dpkg --verify; dpkg --audit"), inside(before, "dpkg --verify; dpkg --audit"));
  const cat = (path: string): Buffer => run("docker", ["run", "--rm", "--network", "none", after, "cat", path]);
  const core = cat(`${site}/mod/_core.so`);
  const digest = createHash("sha256").update(core).digest("base64url");
  assert.equal(cat(`${site}/mod-1.0.dist-info/RECORD`).toString(), `mod/_core.so,sha256=${digest},${core.length}\n`);
  // The name of a function that is not exported is in symbols and debug information alone.
  assert.equal(core.includes("hidden"), false);
  const cut = ["opt/copy", "opt/link", `${site.slice(1)}/mod/_core.so`, "usr/bin/own-tool"];
  const records = [`${site.slice(1)}/mod-1.0.dist-info/RECORD`, "var/lib/dpkg/info/own.md5sums"];
  assert.deepEqual([...differingPaths(treeByEngine(before), treeByEngine(after))].sort(), [...cut, ...records].sort());
  assert.ok(changes.some(({ path, action }) => path === "opt/copy" && action === "rewrite"));
  assert.equal(predicted.tarBytes, weight?.tarBytes);
  return undefined;
});

test("a compressed image of debug information is predicted within 5 %", async (t) => {
  const reason = missing() || without("skopeo");
  if (reason) return t.skip(reason);
  const folder = temporaryFolder();
  const image = built(t);
  for (const format of ["gzip", "zstd"]) {
    const source = `oci:${folder}/${format}`;
    run("skopeo", ["--insecure-policy", "copy", "--quiet", "--dest-compress-format", format, `docker-daemon:${image}`, source]);
    const { predicted, after } = await optimize(source, `oci:${folder}/${format}-after`, options);
    assert.equal(predicted.tarBytes, after?.tarBytes);
    const compressed = after?.compressedBytes ?? 0;
    const off = Math.abs(predicted.compressedBytes - compressed) / compressed;
    assert.ok(off <= 0.05, `${predicted.compressedBytes} is not ${compressed}`);
  }
  return undefined;
});
