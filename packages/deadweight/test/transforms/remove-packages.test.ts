import assert from "node:assert/strict";
import { test } from "node:test";
import { debianEntries, pythonEntries, type DebianPackage } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { planned, type Planned, type PlanningOptions } from "../support/planning.ts";

const base: readonly DebianPackage[] = [
  { name: "libc6", essential: true, files: ["usr/lib/libc.so.6"] },
  { name: "app", depends: "libc6", files: ["usr/bin/app", "usr/share/app/data"] },
];
const tools: readonly DebianPackage[] = [
  { name: "build-essential", section: "devel", depends: "gcc, make", files: ["usr/share/build-essential/list"] },
  { name: "gcc", section: "devel", automatic: true, depends: "libc6-dev, libcc1-0", files: ["usr/bin/gcc", "usr/lib/gcc/cc1"] },
  { name: "make", section: "devel", automatic: true, files: ["usr/bin/make"] },
  { name: "libc6-dev", section: "libdevel", automatic: true, files: ["usr/include/stdio.h"] },
  { name: "libcc1-0", section: "libs", automatic: true, files: ["usr/lib/libcc1.so.0"] },
];

/** A Debian system with folders of their own for all that it stores. */
function debian(packages: readonly DebianPackage[], others: readonly TestEntry[] = []): TestEntry[] {
  const entries = [...debianEntries(packages), ...others];
  const folders = new Set(
    entries.flatMap(({ path }) =>
      path
        .replace(/\/$/, "")
        .split("/")
        .slice(0, -1)
        .map((_, depth, names) => `${names.slice(0, depth + 1).join("/")}/`),
    ),
  );
  return [...[...folders].sort().map((path) => ({ path })), ...entries];
}

function plan(packages: readonly DebianPackage[], others: readonly TestEntry[] = [], options: PlanningOptions = {}): Planned {
  return planned([debian(packages, others)], { only: ["remove-packages"], ...options });
}

/** Names of packages that a plan takes out, as their lists go. */
function removed({ edits }: Planned): string[] {
  return edits.flatMap((edit) => /^remove \d:var\/lib\/dpkg\/info\/(.*)\.list$/.exec(edit)?.[1] ?? []).sort();
}

function contentAfter({ after }: Planned, path: string): string {
  const { content = "" } = after.flat().findLast((entry) => entry.path === path) ?? {};
  return Buffer.from(content).toString();
}

const symlink = (path: string, link: string): TestEntry => ({ path, type: "symlink", link });
const allTools = ["build-essential", "gcc", "libc6-dev", "libcc1-0", "make"];

test("tools and what only they need go, with their files and what dpkg keeps of them", () => {
  const others = [
    { path: "var/lib/dpkg/info/gcc.md5sums", content: "x" },
    { path: "var/lib/dpkg/info/gcc.prerm", content: "x" },
    { path: "var/lib/dpkg/info/gcc-like.postrm", content: "x" },
    { path: "var/lib/dpkg/info/gcc.other.list", content: "" },
  ];
  const result = plan([...base, ...tools], others);
  assert.deepEqual(removed(result), allTools);
  assert.deepEqual(result.edits.filter((edit) => !edit.includes("build-essential") && !edit.includes("var/lib/")).sort(), [
    "remove 0:usr/bin/gcc",
    "remove 0:usr/bin/make",
    "remove 0:usr/include/stdio.h",
    "remove 0:usr/lib/gcc/cc1",
    "remove 0:usr/lib/libcc1.so.0",
  ]);
  assert.ok(result.edits.includes("remove 0:var/lib/dpkg/info/gcc.prerm"));
  assert.ok(!result.edits.some((edit) => /gcc-like|gcc\.other/.test(edit)));
});

test("the databases list what stays, to the byte", () => {
  const result = plan([...base, ...tools]);
  const { content: before = "" } = debianEntries(base)[0] ?? {};
  assert.equal(contentAfter(result, "var/lib/dpkg/status"), `${Buffer.from(before).toString()}\n`);
  assert.equal(contentAfter(result, "var/lib/apt/extended_states"), "");
  assert.equal(plan(base).plan.changes.length, 0);
});

test("packages that are there as configuration alone stay in the database", () => {
  const entries = debian([...base, ...tools]).map((entry): TestEntry => {
    const rest = "\nPackage: gcc\nStatus: deinstall ok config-files\nArchitecture: i386\nVersion: 1\n";
    return entry.path === "var/lib/dpkg/status" ? { ...entry, content: `${String(entry.content)}${rest}` } : entry;
  });
  const result = planned([entries], { only: ["remove-packages"] });
  assert.match(contentAfter(result, "var/lib/dpkg/status"), /Package: gcc\nStatus: deinstall/);
  assert.doesNotMatch(contentAfter(result, "var/lib/dpkg/status"), /Package: make/);
});

test("a tool that something which stays needs is kept, with what it needs", () => {
  const needing: DebianPackage = { name: "builder", depends: "make", files: ["usr/bin/builder"] };
  assert.deepEqual(removed(plan([...base, needing, ...tools])), ["build-essential", "gcc", "libc6-dev", "libcc1-0"]);
});

test("empty folders go when no other package lists them", () => {
  const own = tools.map((one) =>
    one.name === "gcc" ? { ...one, files: [...(one.files ?? []), "usr/lib/gcc", "usr/lib"] } : one,
  );
  const shared = base.map((one) => (one.name === "libc6" ? { ...one, files: [...(one.files ?? []), "usr/lib"] } : one));
  const folders = (entries: TestEntry[]): TestEntry[] =>
    entries.filter(({ path, content }) => content === undefined || !/^usr\/lib(?:\/gcc)?$/.test(path));
  const edits = (others: readonly TestEntry[]): readonly string[] =>
    planned([folders(debian([...shared, ...own], others))], { only: ["remove-packages"] }).edits;
  assert.ok(edits([]).includes("remove 0:usr/lib/gcc"));
  assert.ok(!edits([]).includes("remove 0:usr/lib"));
  assert.ok(!edits([{ path: "usr/lib/gcc/specs", content: "mine" }]).includes("remove 0:usr/lib/gcc"));
});

test("a file that a package which stays lists too is not removed", () => {
  const sharing: DebianPackage = { name: "docs", files: ["usr/include/stdio.h"] };
  const unique = debian([...base, ...tools, sharing]).filter(
    ({ path }, place, all) => all.findIndex((one) => one.path === path) === place,
  );
  const { edits } = planned([unique], { only: ["remove-packages"] });
  assert.ok(!edits.includes("remove 0:usr/include/stdio.h"));
  assert.ok(edits.includes("remove 0:usr/bin/gcc"));
});

test("a package that can't go cleanly stays, with what it needs", () => {
  const rest = ["build-essential", "gcc", "libc6-dev", "libcc1-0"];
  const diversions = "/usr/bin/make\n/usr/bin/make.real\nmake\n";
  const cases: readonly (readonly [TestEntry, PlanningOptions])[] = [
    [symlink("usr/local/bin/gmake", "../../bin/make"), {}],
    [symlink("usr/local/bin/gmake", "/opt/make"), { keep: ["/usr/bin/make"] }],
    [{ path: "var/lib/dpkg/diversions", content: diversions }, {}],
    [{ path: "var/lib/dpkg/triggers/File", content: "/usr/share/make make\n" }, {}],
    [{ path: "var/lib/dpkg/triggers/rebuild", content: "make/noawait\n" }, {}],
  ];
  for (const [entry, options] of cases)
    assert.deepEqual(removed(plan([...base, ...tools], [entry], options)), rest, `${entry.path} ${JSON.stringify(options)}`);
});

test("what lies in the base image stays, with its package", () => {
  const below = debian(base.concat(tools.filter(({ name }) => name === "make")));
  const above = debian([...base, ...tools]).filter(
    ({ path }) => path.startsWith("var/") || !below.some((one) => one.path === path),
  );
  assert.deepEqual(removed(planned([below, above], { only: ["remove-packages"], base: 1 })), [
    "build-essential",
    "gcc",
    "libc6-dev",
    "libcc1-0",
  ]);
  assert.deepEqual(planned([below, [{ path: "a", content: "x" }]], { only: ["remove-packages"], base: 1 }).edits, []);
});

test("a link of the base image that others list too is nobody's reason to stay", () => {
  const listing = (one: DebianPackage): DebianPackage => ({ ...one, files: [...(one.files ?? []), "lib"] });
  const below = [symlink("lib", "usr/lib"), ...debian(base.map(listing)).filter(({ path }) => path !== "lib")];
  const all = [...base.map(listing), ...tools.map((one) => (one.name === "make" ? listing(one) : one))];
  const above = debian(all).filter(({ path }) => path.startsWith("var/") || !below.some((one) => one.path === path));
  const result = planned([below, above], { only: ["remove-packages"], base: 1 });
  assert.deepEqual(removed(result), allTools);
  assert.ok(!result.edits.some((edit) => edit.endsWith(":lib")));
});

test("a lower copy in the base image is hidden", () => {
  const below = [...debian(base), { path: "usr/bin/make", content: "old" }];
  const above = debian([...base, ...tools]).filter(
    ({ path }) => path.startsWith("var/") || !below.some((one) => one.path === path),
  );
  const layers = [below, [...above, { path: "usr/bin/make", content: "new" }]];
  assert.ok(planned(layers, { only: ["remove-packages"], base: 1 }).edits.includes("hide 1:usr/bin/make"));
});

test("the databases of a base image that is not edited keep all packages", () => {
  const layers = [debian([...base, ...tools]), [{ path: "a", content: "x" }]];
  assert.deepEqual(planned(layers, { only: ["remove-packages"], base: 1 }).edits, []);
});

const record = (...choices: readonly string[]): string =>
  `auto\n/usr/bin/cc\ncc.1.gz\n/usr/share/man/man1/cc.1.gz\n\n${choices.map((path) => `${path}\n20\n/usr/share/man/man1${path.slice(8)}.1.gz\n`).join("")}\n`;
const alternatives = [
  symlink("usr/bin/cc", "/etc/alternatives/cc"),
  symlink("usr/share/man/man1/cc.1.gz", "/etc/alternatives/cc.1.gz"),
  symlink("etc/alternatives/cc.1.gz", "/usr/share/man/man1/gcc.1.gz"),
];
const name = "var/lib/dpkg/alternatives/cc";

test("alternatives go with their last choice", () => {
  const others = [
    ...alternatives,
    symlink("etc/alternatives/cc", "/usr/bin/gcc"),
    { path: name, content: record("/usr/bin/gcc") },
  ];
  const result = plan([...base, ...tools], others);
  assert.deepEqual(removed(result), allTools);
  for (const path of ["usr/bin/cc", "usr/share/man/man1/cc.1.gz", "etc/alternatives/cc", "etc/alternatives/cc.1.gz", name])
    assert.ok(result.edits.includes(`remove 0:${path}`), path);
});

test("a choice that is not in use leaves its record", () => {
  const own = { path: "usr/bin/own", content: "x" };
  const others = [
    ...alternatives,
    own,
    symlink("etc/alternatives/cc", "/usr/bin/own"),
    { path: name, content: record("/usr/bin/gcc", "/usr/bin/own") },
  ];
  const result = plan([...base, ...tools], others);
  assert.deepEqual(removed(result), allTools);
  assert.equal(contentAfter(result, name), record("/usr/bin/own"));
  assert.ok(!result.edits.some((edit) => edit === `remove 0:${name}`));
});

test("a choice in use, while there are others, keeps its package", () => {
  const own = { path: "usr/bin/own", content: "x" };
  const others = [
    ...alternatives,
    own,
    symlink("etc/alternatives/cc", "/usr/bin/gcc"),
    { path: name, content: record("/usr/bin/gcc", "/usr/bin/own") },
  ];
  assert.deepEqual(removed(plan([...base, ...tools], others)), ["build-essential", "make"]);
});

test("a link of update-alternatives without a record keeps its package", () => {
  const others = [...alternatives, symlink("etc/alternatives/cc", "/usr/bin/gcc")];
  assert.deepEqual(removed(plan([...base, ...tools], others)), ["build-essential", "make"]);
});

test("a database that can't be rewritten keeps all packages", () => {
  assert.deepEqual(plan([...base, ...tools], [], { keep: ["var/lib/dpkg"] }).edits, []);
  const linked = [...debian([...base, ...tools]), { path: "opt/status", type: "hardlink" as const, link: "var/lib/dpkg/status" }];
  assert.deepEqual(planned([linked], { only: ["remove-packages"] }).edits, []);
});

test("what Triton compiles with stays, and so does what that needs", () => {
  assert.deepEqual(removed(plan([...base, ...tools], pythonEntries("triton", "3.1.0"))), ["build-essential", "make"]);
});
