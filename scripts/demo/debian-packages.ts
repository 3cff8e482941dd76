import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileEntry, type DemoEntry } from "./demo-entry.ts";
import { machineEntry } from "./machine-files.ts";

/** A package that dpkg installed on this machine. */
export interface DebianPackage {
  readonly name: string;
  /** Whether no Debian system is without it. */
  readonly required: boolean;
  /** What dpkg says that it takes, in bytes. */
  readonly bytes: number;
  /** Its paragraph of the status file. */
  readonly status: string;
  readonly architecture: string;
  /** Names of what it depends on, of alternatives the first. */
  readonly dependsOn: readonly string[];
}

const database = "/var/lib/dpkg";

/** What dpkg installed here; nothing on other systems. */
export function installedPackages(): readonly DebianPackage[] {
  let status: string;
  try {
    status = readFileSync(`${database}/status`, "utf8");
  } catch {
    return [];
  }
  return status
    .split("\n\n")
    .filter((paragraph) => /^Status: install ok installed$/m.test(paragraph))
    .map((paragraph) => ({
      name: field(paragraph, "Package"),
      required: field(paragraph, "Priority") === "required" || field(paragraph, "Essential") === "yes",
      bytes: 1024 * Number(field(paragraph, "Installed-Size")),
      status: paragraph,
      architecture: field(paragraph, "Architecture"),
      dependsOn: `${field(paragraph, "Pre-Depends")},${field(paragraph, "Depends")}`
        .split(",")
        .flatMap((relation) => /^[^\s:|(]+/.exec(relation.trim())?.[0] ?? []),
    }));
}

/** Packages with all that they depend on, in the order of the database. */
export function withDependencies(wanted: readonly DebianPackage[], all: readonly DebianPackage[]): readonly DebianPackage[] {
  const byName = new Map(all.map((one) => [one.name, one]));
  const taken = new Set<DebianPackage>();
  const pending = [...wanted];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (taken.has(next)) continue;
    taken.add(next);
    pending.push(...next.dependsOn.flatMap((name) => byName.get(name) ?? []));
  }
  return all.filter((one) => taken.has(one));
}

function field(paragraph: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, "m").exec(paragraph)?.[1] ?? "";
}

/** The files of packages, as their lists name them, and the lists themselves. */
export function* packageEntries(packages: readonly DebianPackage[]): Generator<DemoEntry> {
  const realFolder = realFolders();
  for (const one of packages) {
    const list = [one.name, `${one.name}:${one.architecture}`].find((name) => lines(`${name}.list`).length > 0);
    for (const suffix of ["list", "md5sums"]) {
      const entry =
        list === undefined
          ? undefined
          : machineEntry(`${database}/info/${list}.${suffix}`, `var/lib/dpkg/info/${list}.${suffix}`);
      if (entry !== undefined) yield entry;
    }
    for (const path of list === undefined ? [] : lines(`${list}.list`)) {
      const place = join(realFolder(dirname(path)), basename(path));
      const entry = place === "/" ? undefined : machineEntry(place, place.slice(1));
      if (entry !== undefined) yield entry;
    }
  }
}

function lines(name: string): readonly string[] {
  try {
    return readFileSync(`${database}/info/${name}`, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("/") && line !== "/.");
  } catch {
    return [];
  }
}

/** Where folders really are: `/lib` is a link to `/usr/lib` since Debian 12, while lists still name the old place. */
function realFolders(): (folder: string) => string {
  const known = new Map<string, string>();
  const resolve = (folder: string): string => {
    try {
      return realpathSync(folder);
    } catch {
      return folder;
    }
  };
  return (folder) => {
    const place = known.get(folder) ?? resolve(folder);
    known.set(folder, place);
    return place;
  };
}

/** dpkg's database with these packages, and apt's note of which of them it installed for others alone. */
export function databaseEntries(
  packages: readonly DebianPackage[],
  automatic: readonly DebianPackage[] = [],
): readonly DemoEntry[] {
  const states = automatic.map(
    ({ name, architecture }) => `Package: ${name}\nArchitecture: ${architecture}\nAuto-Installed: 1\n\n`,
  );
  return [
    // Without it dpkg looks for the lists of its versions before 1.16, which had no architecture in their names.
    fileEntry("var/lib/dpkg/info/format", "1\n"),
    fileEntry("var/lib/dpkg/status", `${packages.map(({ status }) => status).join("\n\n")}\n`),
    ...(states.length === 0 ? [] : [fileEntry("var/lib/apt/extended_states", states.join(""))]),
  ];
}
