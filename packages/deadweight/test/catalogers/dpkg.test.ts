import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { dpkg } from "../../src/catalogers/dpkg.ts";
import type { Catalog, Package } from "../../src/contracts/cataloger.ts";
import { wantedFilesOf, type TestEntry } from "../support/layers.ts";
import { run, without } from "../support/tools.ts";
import { mutated, mutations } from "./rpm/mutations.ts";

function catalogOf(files: Readonly<Record<string, string>>): Catalog {
  return dpkg.catalog(
    wantedFilesOf(
      dpkg,
      Object.entries(files).map(([path, content]) => ({ path, content })),
    ),
  );
}

function find(catalog: Catalog, name: string): Package {
  const found = catalog.packages.find((one) => one.name === name);
  assert.ok(found, `no package ${name}`);
  return found;
}

const status = `Package: bash
Essential: yes
Status: install ok installed
Priority: required
Section: shells
Installed-Size: 7164
Architecture: amd64
Version: 5.2.15-2+b7
Depends: base-files (>= 2.1.12),
 debianutils (>= 5.6-0.1)
Pre-Depends: libc6 (>= 2.36), libtinfo6 (>= 6)
Description: GNU Bourne Again SHell
 Package: not-a-package
 .
 Status: install ok installed

Package: libc6
Status: install ok installed
Section: universe/libs
Architecture: amd64
Multi-Arch: same
Version: 2.36-9
Installed-Size: 12985

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: halfway
Status: install ok half-configured
Architecture: all
Version: 2:0~rc1
Depends: mail-transport-agent | absent, exim4 | postfix, absent | also-absent, halfway
Protected: yes

Package: postfix
Status: install ok triggers-awaited
Architecture: amd64
Version: 3
Provides: mail-transport-agent, default-mta (= 3)
`;

const image = {
  "var/lib/dpkg/status": status,
  "var/lib/dpkg/info/bash.list": "/.\n/bin\n/bin/bash\n/usr/share/man/man1/sh.1.gz\n/etc/bash.bashrc\n",
  "var/lib/dpkg/info/libc6:amd64.list": "/.\n/lib/x86_64-linux-gnu/libc.so.6\n/usr/share/doc/libc6\n",
  "var/lib/dpkg/info/gone.list": "/etc/gone.conf\n",
  "var/lib/dpkg/info/halfway.list": "/opt/halfway\n",
  "var/lib/dpkg/info/postfix.list": "/usr/sbin/postfix\n",
  "var/lib/apt/extended_states":
    "Package: libc6\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: postfix\nArchitecture: amd64\nAuto-Installed: 0\n",
};

test("dpkg: what the status says of packages whose files are there", () => {
  const catalog = catalogOf(image);
  assert.deepEqual(catalog.problems, []);
  assert.deepEqual(
    catalog.packages.map(({ name, version }) => `${name} ${version}`),
    ["bash 5.2.15-2+b7", "libc6 2.36-9", "halfway 2:0~rc1", "postfix 3"],
  );
  const bash = find(catalog, "bash");
  assert.equal(bash.kind, "dpkg");
  assert.equal(bash.section, "shells");
  assert.equal(bash.declaredBytes, 7_335_936);
  assert.equal(bash.automatic, false);
  assert.equal(find(catalog, "libc6").section, "libs");
  assert.equal(find(catalog, "libc6").automatic, true);
  assert.equal(find(catalog, "postfix").automatic, false);
  assert.deepEqual(
    catalog.packages.filter(({ essential }) => essential).map(({ name }) => name),
    ["bash", "halfway"],
  );
});

test("dpkg: without apt's record nobody knows what is automatic", () => {
  const { "var/lib/apt/extended_states": _, ...rest } = image;
  assert.ok(!("automatic" in find(catalogOf(rest), "libc6")));
});

test("dpkg: requirements are the first alternative that is there, or provided, else the first", () => {
  const catalog = catalogOf(image);
  assert.deepEqual(find(catalog, "bash").requires, ["libc6", "libtinfo6", "base-files", "debianutils"]);
  assert.deepEqual(find(catalog, "halfway").requires, ["postfix", "absent"]);
});

test("dpkg: the paths of a list, in both spellings where /usr may be merged, and the package's own files", () => {
  const catalog = catalogOf(image);
  const endings = "list md5sums conffiles config preinst postinst prerm postrm shlibs symbols templates triggers".split(" ");
  assert.deepEqual(find(catalog, "bash").paths.toSorted(), [
    "bin",
    "bin/bash",
    "etc/bash.bashrc",
    "usr/bin/bash",
    "usr/share/man/man1/sh.1.gz",
    ...endings.map((ending) => `var/lib/dpkg/info/bash.${ending}`).sort(),
  ]);
  const libc = find(catalog, "libc6").paths;
  assert.ok(libc.includes("lib/x86_64-linux-gnu/libc.so.6") && libc.includes("usr/lib/x86_64-linux-gnu/libc.so.6"));
  assert.ok(libc.includes("var/lib/dpkg/info/libc6:amd64.symbols"));
});

test("dpkg: a diverted file is owned where it lies, but by its diverter where it was", () => {
  const diversions = [
    ["/usr/share/man/man1/sh.1.gz", "/usr/share/man/man1/sh.distrib.1.gz", "dash"],
    ["/bin/bash", "/bin/bash.real", ":"],
    ["/opt/halfway", "/opt/halfway.other", "halfway"],
  ];
  const catalog = catalogOf({ ...image, "var/lib/dpkg/diversions": `${diversions.flat().join("\n")}\n` });
  const paths = find(catalog, "bash").paths.filter((path) => !path.startsWith("var/"));
  assert.deepEqual(paths, ["bin", "bin/bash.real", "usr/bin/bash.real", "usr/share/man/man1/sh.distrib.1.gz", "etc/bash.bashrc"]);
  assert.ok(find(catalog, "halfway").paths.includes("opt/halfway"));
});

test("dpkg: a package of another architecture has it in its name, and is met by its own", () => {
  const paragraph = (name: string, architecture: string, rest = ""): string =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nVersion: 1\n${rest}`;
  const catalog = catalogOf({
    "var/lib/dpkg/status": [
      paragraph("libc6", "i386"),
      paragraph("libc6", "amd64"),
      paragraph("wine32", "i386", "Depends: libc6 (>= 2)\n"),
      paragraph("bash", "amd64", "Depends: libc6\n"),
      paragraph("coreutils", "amd64"),
      paragraph("scripts", "all", "Depends: libc6:any\n"),
    ].join("\n"),
    "var/lib/dpkg/info/libc6:i386.list": "/lib/i386-linux-gnu/libc.so.6\n",
    "var/lib/dpkg/info/libc6:amd64.list": "/lib/x86_64-linux-gnu/libc.so.6\n",
    "var/lib/dpkg/info/wine32:i386.list": "",
    "var/lib/dpkg/info/bash.list": "",
    "var/lib/dpkg/info/coreutils.list": "",
    "var/lib/dpkg/info/scripts.list": "",
  });
  assert.deepEqual(catalog.problems, []);
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["libc6:i386", "libc6", "wine32", "bash", "coreutils", "scripts"],
  );
  assert.deepEqual(
    catalog.packages.map(({ requires }) => requires),
    [[], [], ["libc6:i386"], ["libc6"], [], ["libc6"]],
  );
  assert.ok(find(catalog, "libc6:i386").paths.includes("lib/i386-linux-gnu/libc.so.6"));
  assert.ok(!find(catalog, "libc6").paths.includes("lib/i386-linux-gnu/libc.so.6"));
});

test("dpkg: distroless images have a file for each package, with the sums of its files beside it", () => {
  const sum = "d41d8cd98f00b204e9800998ecf8427e";
  const catalog = catalogOf({
    "var/lib/dpkg/status.d/base-files": "Package: base-files\nVersion: 12.4\nArchitecture: amd64\nInstalled-Size: 341\n",
    "var/lib/dpkg/status.d/base-files.md5sums": `${sum}  usr/lib/os-release\n${sum}  ./etc/name with spaces\nnot a sum  etc/x\n`,
    "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\nArchitecture: all\nDepends: base-files\n",
    "var/lib/dpkg/status.d/odd": "nothing of use\n",
  });
  assert.deepEqual(
    catalog.packages.map(({ name, version }) => `${name} ${version}`),
    ["base-files 12.4", "tzdata 2024a"],
  );
  assert.deepEqual(find(catalog, "base-files").paths, [
    "var/lib/dpkg/status.d/base-files",
    "var/lib/dpkg/status.d/base-files.md5sums",
    "usr/lib/os-release",
    "etc/name with spaces",
  ]);
  assert.deepEqual(find(catalog, "tzdata").paths, ["var/lib/dpkg/status.d/tzdata"]);
  assert.deepEqual(find(catalog, "tzdata").requires, ["base-files"]);
  assert.deepEqual(catalog.problems, [
    { path: "var/lib/dpkg/status.d/odd", layer: 0, message: "cannot read a package: no Package field" },
  ]);
});

test("dpkg: lists that were deleted are one problem, and the packages stay", () => {
  const catalog = catalogOf({ "var/lib/dpkg/status": status, "var/lib/dpkg/info/bash.list": "/bin/bash\n" });
  assert.equal(catalog.packages.length, 4);
  assert.deepEqual(catalog.problems, [
    {
      path: "var/lib/dpkg/status",
      layer: 0,
      message: "cannot tell the files of 3 installed packages: no list, the first is libc6",
    },
  ]);
});

test("dpkg: databases elsewhere in the image are none", () => {
  assert.deepEqual(catalogOf({ "srv/var/lib/dpkg/status": status, "var/lib/dpkg/status-old": status }), {
    packages: [],
    problems: [],
  });
});

test("dpkg: a status that is too large is a problem", () => {
  const files = wantedFilesOf(dpkg, [{ path: "var/lib/dpkg/status", content: status }]);
  const catalog = dpkg.catalog(files.map((file) => ({ ...file, size: 65 * 1024 * 1024 })));
  assert.deepEqual(catalog.packages, []);
  assert.equal(catalog.problems?.[0]?.message, "cannot read var/lib/dpkg/status: 68157440 bytes, more than 67108864");
});

test("dpkg: a status with more packages than any system has is a problem", () => {
  const content = "Package: a\nStatus: install ok installed\n\n".repeat(200_001);
  const catalog = dpkg.catalog(wantedFilesOf(dpkg, [{ path: "var/lib/dpkg/status", content }]));
  assert.deepEqual(catalog.packages, []);
  assert.equal(catalog.problems?.[0]?.message, "cannot read a status: more than 200000 packages");
});

test("dpkg: whatever the files hold, what comes out is packages and problems", () => {
  const files = wantedFilesOf(
    dpkg,
    Object.entries(image).map(([path, content]) => ({ path, content })),
  );
  const bytes = Buffer.from(status);
  const property = fc.property(mutations(bytes.length), fc.uint8Array({ maxLength: 200 }), (changes, noise) => {
    const changed = mutated(bytes, changes);
    const catalog = dpkg.catalog(
      files.map((file) => {
        if (file.path.endsWith(".list")) return { ...file, size: noise.length, bytes: () => noise };
        return file.path.endsWith("/status") ? { ...file, size: changed.length, bytes: () => changed } : file;
      }),
    );
    assert.ok(catalog.packages.length <= 6);
  });
  fc.assert(property, { numRuns: 500, seed: 7 });
});

/** This machine's own database, as an image would hold it. */
function ownDatabase(): TestEntry[] {
  const info = readdirSync("/var/lib/dpkg/info")
    .filter((name) => name.endsWith(".list"))
    .map((name) => `var/lib/dpkg/info/${name}`);
  return ["var/lib/dpkg/status", "var/lib/dpkg/diversions", "var/lib/apt/extended_states", ...info]
    .filter((path) => existsSync(join("/", path)))
    .map((path) => ({ path, content: readFileSync(join("/", path)) }));
}

test("dpkg: says of this machine what dpkg-query says", (t) => {
  if (!existsSync("/var/lib/dpkg/status")) return t.skip("dpkg: this machine has no database");
  const why = without("dpkg-query");
  if (why !== false) return t.skip(why);
  const catalog = dpkg.catalog(wantedFilesOf(dpkg, ownDatabase()));
  assert.deepEqual(catalog.problems, []);
  const format = "${db:Status-Abbrev}|${Package}|${Version}|${Installed-Size}\n";
  const expected = run("dpkg-query", ["-W", "-f", format])
    .toString()
    .split("\n")
    .filter((line) => /^.[iUFWt]/.test(line));
  const found = catalog.packages.map((one) => `${one.name.split(":")[0]}|${one.version}|${(one.declaredBytes ?? 0) / 1024}`);
  assert.deepEqual(found.sort(), expected.map((line) => line.slice(line.indexOf("|") + 1)).sort());

  const diversions = existsSync("/var/lib/dpkg/diversions") ? readFileSync("/var/lib/dpkg/diversions", "latin1").split("\n") : [];
  const largest = catalog.packages.toSorted((one, other) => other.paths.length - one.paths.length).slice(0, 20);
  const targets = new Set(diversions.flatMap((line, index) => (index % 3 === 1 ? [line.slice(1)] : [])));
  const withDiverted = catalog.packages.filter(({ paths }) => paths.some((path) => targets.has(path)));
  for (const { name, paths } of [...largest, ...withDiverted, find(catalog, "bash"), find(catalog, "dpkg")]) {
    const listed = run("dpkg", ["-L", name]).toString("latin1").trimEnd().split("\n");
    // The line after a path says where it is diverted to, if it is.
    const places = listed.map(
      (line, index) => /^(?:diverted by|locally diverted).* to: (.+)$/.exec(listed[index + 1] ?? "")?.[1] ?? line,
    );
    const own = new Set(paths);
    const missing = places.filter((line) => line.startsWith("/") && line !== "/." && !own.has(line.slice(1)));
    assert.deepEqual(missing, [], name);
  }
});
