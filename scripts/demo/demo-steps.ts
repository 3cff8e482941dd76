import { join } from "node:path";
import type { DemoEntry } from "./demo-entry.ts";
import { fileEntry, linkEntry, withFolders } from "./demo-entry.ts";
import { databaseEntries, installedPackages, packageEntries, withDependencies, type DebianPackage } from "./debian-packages.ts";
import { gitFolder } from "./git-folder.ts";
import { entriesBelow, machineEntry, namesIn, upTo } from "./machine-files.ts";
import { npmCache } from "./npm-cache.ts";

/** One row of the image's history. */
export interface DemoStep {
  readonly createdBy: string;
  /** How long before the build; 0 when absent. */
  readonly daysBefore?: number;
  /** What its layer holds; absent for a row without a layer. */
  readonly entries?: readonly DemoEntry[];
}

/** The steps of the image, and the rules that must find something in it. */
export interface DemoPlan {
  readonly steps: readonly DemoStep[];
  readonly planted: readonly string[];
}

const mebibyte = 1024 * 1024;
const most = { listBytes: 30 * mebibyte, pythonBytes: 40 * mebibyte, toolBytes: 50 * mebibyte };
const pythonPackage = /^(?:lib)?python3(?:\.\d+)?(?:-(?:minimal|stdlib|distutils|lib2to3))?$/;
const toolPackage = /^(?:make|git|binutils|libc6-dev|linux-libc-dev|(?:gcc|g\+\+|cpp)-\d+|golang-[\d.]+-go)/;

/** What the image is made of. */
interface Parts {
  readonly base: readonly DemoEntry[];
  readonly apt: readonly DemoEntry[];
  readonly node: readonly DemoEntry[];
  readonly project: readonly DemoEntry[];
  readonly modules: readonly DemoEntry[];
  readonly npmCache: readonly DemoEntry[];
}

/**
 * Plans an image of a small service, out of what this machine has, with the mistakes that Dockerfiles usually have. `work` is
 * for files that only the plan needs.
 */
export async function planDemo(root: string, work: string): Promise<DemoPlan> {
  const packages = installedPackages();
  const base = withDependencies(
    packages.filter(({ name, required }) => required || name === "apt"),
    packages,
  );
  const python = packages.filter(({ name }) => pythonPackage.test(name));
  const installed = withDependencies([...python, ...chosenTools(packages)], packages).filter((one) => !base.includes(one));
  const modules = join(root, "node_modules");
  const parts: Parts = {
    base: baseLayer(base),
    apt: aptLayer(base, installed),
    node: nodeEntries(),
    project: projectEntries(root),
    modules: [...entriesBelow(modules, "app/node_modules", (name) => !isNodePackage(name))],
    npmCache: await npmCache(modules, work),
  };
  return { steps: stepsOf(parts), planted: plantedIn(parts) };
}

function stepsOf({ base, apt, node, project, modules, npmCache }: Parts): readonly DemoStep[] {
  const copied = modules.filter(({ path }) => path.startsWith("app/node_modules/@typescript"));
  const steps: readonly DemoStep[] = [
    { createdBy: "/bin/sh -c #(nop) ADD file:8b1d5a0c2f64 in / ", daysBefore: 30, entries: withFolders(base) },
    { createdBy: '/bin/sh -c #(nop)  CMD ["bash"]', daysBefore: 30 },
    run("apt-get update && apt-get install -y python3 gcc make git", apt),
    { createdBy: "COPY /usr/local /usr/local # buildkit", entries: withFolders(node) },
    { createdBy: "WORKDIR /app" },
    { createdBy: "COPY . /app # buildkit", entries: withFolders([...project, ...gitFolder(project, "app/.git")]) },
    run("npm ci", [...modules, ...npmCache]),
    run(
      "chown -R 1000:1000 /app",
      [...project, ...modules].map((entry) => ({ ...entry, owner: 1000 })),
    ),
    run("cp -r /app/node_modules/@typescript /opt/tools/ && ./setup 2>&1 | tee /var/log/setup.log", [
      ...copied.map((entry) => ({ ...entry, path: entry.path.replace("app/node_modules/", "opt/tools/") })),
      fileEntry("var/log/setup.log", logOf(modules)),
      fileEntry("tmp/setup.tmp", logOf(project)),
    ]),
    run("rm -rf /var/lib/apt/lists/* /usr/local/include/node", removals([...apt, ...node])),
    { createdBy: "USER node" },
    { createdBy: 'CMD ["node" "packages/deadweight/bin/deadweight.cjs" "--help"]' },
  ];
  return steps.filter(({ entries }) => entries === undefined || entries.length > 0);
}

/** What is not on every machine is not in every image. */
function plantedIn({ apt, node }: Parts): readonly string[] {
  const always = ["metadata-rewrites", "duplicate-files", "npm-cache", "version-control-folders", "logs", "temporary-files"];
  const hasTools = apt.some(({ path }) => toolPackage.test(/^var\/lib\/dpkg\/info\/(.*)\.list$/.exec(path)?.[1] ?? ""));
  return [
    ...always,
    ...(removals([...apt, ...node]).length > 0 ? ["shadowed-files", "late-cleanup"] : []),
    ...(apt.some(({ path }) => path.endsWith(".pyc")) ? ["python-bytecode"] : []),
    ...(hasTools ? ["build-tools"] : []),
  ];
}

function run(command: string, entries: readonly DemoEntry[]): DemoStep {
  return { createdBy: `RUN /bin/sh -c ${command} # buildkit`, entries: withFolders(entries) };
}

function baseLayer(packages: readonly DebianPackage[]): readonly DemoEntry[] {
  const links = ["bin", "sbin", "lib", "lib64"]
    .map((name) => machineEntry(`/${name}`, name))
    .filter((entry) => entry?.type === "symlink");
  return [
    ...links.filter((entry) => entry !== undefined),
    fileEntry("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000::/home/node:/bin/sh\n"),
    fileEntry("etc/group", "root:x:0:\nnode:x:1000:\n"),
    linkEntry("etc/os-release", "../usr/lib/os-release"),
    ...(packages.length === 0 ? [] : [...databaseEntries(packages), ...packageEntries(packages)]),
  ];
}

/** What `apt-get update` and `apt-get install` leave: packages, their database, byte code, and the lists. */
function aptLayer(base: readonly DebianPackage[], installed: readonly DebianPackage[]): readonly DemoEntry[] {
  const libraries = namesIn("/usr/lib").filter((name) => name.startsWith("python3"));
  const python = libraries.flatMap((name) => [
    ...entriesBelow(`/usr/lib/${name}`, `usr/lib/${name}`, (entry) => entry !== "test"),
  ]);
  if (base.length === 0) return [...upTo(most.pythonBytes, python)];
  const automatic = installed.filter(({ name }) => !/^(?:python3|make|git|gcc)$/.test(name));
  const lists = [
    ...upTo(
      most.listBytes,
      entriesBelow("/var/lib/apt/lists", "var/lib/apt/lists", (name) => name !== "partial"),
    ),
  ];
  const status = databaseEntries([...base, ...installed]).find(({ path }) => path === "var/lib/dpkg/status");
  // Images of Debian come without lists; the status file has nearly the form of one.
  const madeUp = status === undefined ? [] : [{ ...status, path: "var/lib/apt/lists/packages_Packages" }];
  return [
    ...databaseEntries([...base, ...installed], automatic),
    ...packageEntries(installed),
    ...upTo(most.pythonBytes, python),
    ...(lists.some(({ type }) => type === "file") ? lists : madeUp),
  ];
}

/** Compilers and the like, as many as fit. */
function chosenTools(packages: readonly DebianPackage[]): readonly DebianPackage[] {
  let bytes = 0;
  return packages.filter((one) => {
    if (!toolPackage.test(one.name) || bytes + one.bytes > most.toolBytes) return false;
    bytes += one.bytes;
    return true;
  });
}

/** The Node that runs this, with all of its package when it came as one. */
function nodeEntries(): readonly DemoEntry[] {
  const folder = join(process.execPath, "../..");
  const program = machineEntry(process.execPath, "usr/local/bin/node");
  const rest = machineEntry(join(folder, "package.json"), "") === undefined ? [] : ["include", "share"];
  return [
    ...(program === undefined ? [] : [program]),
    ...rest.flatMap((name) => [...entriesBelow(join(folder, name), `usr/local/${name}`)]),
  ];
}

/** npm's packages of Node itself, of which one is in /usr/local. */
function isNodePackage(name: string): boolean {
  return /^node-(?:bin-)?(?:linux|darwin|win)/.test(name);
}

function projectEntries(root: string): readonly DemoEntry[] {
  const left = new Set([".git", "node_modules", "dist", "demo-image"]);
  return [...entriesBelow(root, "app", (name) => !left.has(name))];
}

function logOf(entries: readonly DemoEntry[]): string {
  return entries.map(({ path, type }) => `setup: ${type} /${path}: done\n`).join("");
}

/** Markers that hide what `rm -rf` removed: image-spec layer.md. */
function removals(entries: readonly DemoEntry[]): readonly DemoEntry[] {
  const removed = entries.flatMap(
    ({ path }) => /^(?:var\/lib\/apt\/lists\/[^/]+|usr\/local\/include\/node)$/.exec(path)?.[0] ?? [],
  );
  return removed.map((path) => fileEntry(path.replace(/[^/]+$/, ".wh.$&"), "", 0));
}
