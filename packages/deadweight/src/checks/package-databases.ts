import { defineCheck, judged, notRun, type Check, type Comparison, type ExpectedChange } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { listedFiles } from "../facts/listed-files.ts";
import { packages, type InstalledPackage } from "../facts/packages.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import { componentKinds } from "../model/report.ts";

const databases: ReadonlySet<string> = new Set(["dpkg", "apk", "rpm", "python", "conda", "npm"]);

/** What package managers and pip would complain of in the image after and did not before. */
export const packageDatabases: Check = defineCheck({
  name: "package-databases",
  title: "package databases are true: what they list is there, what packages need is installed",
  needs: "nothing",
  compare: (comparison) => {
    const [old, now] = [installed(comparison.before), installed(comparison.after)];
    if (old.length === 0) return notRun("there is no package database");
    const differences = [
      ...listsDiffer(comparison),
      ...needsUnmet(old, now),
      ...databasesGone(
        old.filter((one) => !isToGo(comparison, one)),
        now,
      ),
      ...unlisted(comparison, old, now),
      ...problemsNew(comparison),
    ];
    const { lists } = comparison.before.get(listedFiles);
    return judged(
      differences,
      `${countOf(old.length, "package")}, ${countOf(lists, "list")} of files`,
      "package records are wrong",
    );
  },
});

function installed(facts: Facts): readonly InstalledPackage[] {
  return facts.get(packages).final.filter(({ kind }) => databases.has(kind));
}

/** Rows that were true, and whose file is gone or another one. */
function listsDiffer({ before, after, expected }: Comparison): readonly string[] {
  const [old, now] = [before.get(listedFiles), after.get(listedFiles)];
  const rows = (was: typeof old.missing, is: typeof old.missing, what: string): readonly string[] =>
    [...is].flatMap(([list, paths]) =>
      [...paths]
        .filter((path) => was.get(list)?.has(path) !== true && !isExpected(path, expected(path)))
        .map((path) => `${textOf(list)} lists ${textOf(path)}, which ${what}`),
    );
  return [...rows(old.missing, now.missing, "is gone"), ...rows(old.changed, now.changed, "has another content")];
}

// dpkg notes in its lists what `path-exclude` made it leave out, as Debian's slim images have it: dpkg(1).
const leftOut = /^usr\/share\/(?:doc|info|linda|locale|man|lintian\/overrides|gnome\/help|omf)(?:\/|$)/;

/** That a new build's packages come without documents is no wrong record when it was announced. */
function isExpected(path: ByteString, changes: ReadonlySet<ExpectedChange>): boolean {
  return changes.has("anything") || (changes.has("remove") && changes.has("times") && leftOut.test(path));
}

function keyOf({ kind, name }: InstalledPackage): string {
  return `${kind} ${name}`;
}

/** Names alone: what versions a package asks for is not compared. */
function needsUnmet(old: readonly InstalledPackage[], now: readonly InstalledPackage[]): readonly string[] {
  const [was, is] = [new Set(old.map(keyOf)), new Set(now.map(keyOf))];
  return now.flatMap((one) =>
    (one.requires ?? [])
      .filter((name) => was.has(`${one.kind} ${name}`) && !is.has(`${one.kind} ${name}`))
      .map((name) => `${keyOf(one)} needs ${name}, which is not installed any more`),
  );
}

/** Whether all files of a package were to go. */
function isToGo({ before, expected }: Comparison, { nodes }: InstalledPackage): boolean {
  const files = Array.from(nodes, (node): ByteString => before.get(fileTree).paths.path(node)).filter((path) =>
    isFile(before, path),
  );
  return files.length > 0 && files.every((path) => expected(path).has("remove") || expected(path).has("anything"));
}

function databasesGone(old: readonly InstalledPackage[], now: readonly InstalledPackage[]): readonly string[] {
  return componentKinds.flatMap((kind) => {
    const count = old.filter((one) => one.kind === kind).length;
    return count === 0 || now.some((one) => one.kind === kind)
      ? []
      : [`${kind}: all of ${countOf(count, "package")} are gone from the database`];
  });
}

/** Packages that the database names no more, though most of their files are there. */
function unlisted(
  { before, after }: Comparison,
  old: readonly InstalledPackage[],
  now: readonly InstalledPackage[],
): readonly string[] {
  const is = new Set(now.map(keyOf));
  const [tree, there] = [before.get(fileTree), after.get(fileTree)];
  return old.flatMap((one) => {
    if (is.has(keyOf(one))) return [];
    const files = Array.from(one.nodes, (node): ByteString => tree.paths.path(node)).filter((path) => isFile(before, path));
    const left = files.filter((path) => there.find(path) >= 0).length;
    return left * 2 > files.length
      ? [`${keyOf(one)} is not listed any more, and ${left} of its ${countOf(files.length, "file")} are there`]
      : [];
  });
}

function isFile(facts: Facts, path: ByteString): boolean {
  const tree = facts.get(fileTree);
  const entry = tree.find(path);
  return entry >= 0 && tree.type(entry) !== "directory";
}

function problemsNew({ before, after }: Comparison): readonly string[] {
  const known = new Set(before.get(packages).problems.map(({ message }) => message));
  return after
    .get(packages)
    .problems.filter(({ message }) => !known.has(message))
    .map(({ location, message }) => `${location.path ?? ""}: ${message}`);
}
