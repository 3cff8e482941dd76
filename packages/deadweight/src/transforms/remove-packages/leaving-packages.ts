import type { Package } from "../../contracts/cataloger.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { PlanContext } from "../../contracts/transform.ts";
import { capturedContent } from "../../facts/captured-content.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { linksThrough } from "../../facts/links-through.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { byteStringOf, type ByteString } from "../../lib/byte-string.ts";
import { changeAlternatives, type AlternativeChange } from "./alternatives.ts";

/** Packages of dpkg that go, with what goes with them. */
export interface LeavingPackages {
  readonly packages: ReadonlySet<InstalledPackage>;
  readonly staying: readonly InstalledPackage[];
  /** The visible files and links that only they list, and the links and records of their alternatives. */
  readonly entries: ReadonlySet<number>;
  readonly alternatives: readonly AlternativeChange[];
}

/**
 * Those of dpkg's packages that are wanted away and no other needs, less what can't be taken out cleanly: files in layers that are not
 * edited or that the user keeps, diversions, interest in triggers, alternatives in use, files that a link of somebody else leads to.
 */
export function leavingPackages(facts: Facts, context: PlanContext, wanted: ReadonlySet<Package>): LeavingPackages {
  const tree = facts.get(fileTree);
  const all = facts.get(packages).final.filter((one) => one.kind === "dpkg" && !isGone(tree, context, one));
  const named = namesInRecords(facts);
  const isFree = (entry: number): boolean => context.mayEdit(tree.layerOf(entry)) && !context.isKept(tree.path(entry));
  // Packages list `/lib`, too, which is a link of the base image.
  const shared = filesOf(
    tree,
    all.filter((one) => !wanted.has(one)),
  );
  const isClean = (one: InstalledPackage): boolean =>
    infoStem(one) !== undefined &&
    !named.has(plainName(one)) &&
    [...filesOf(tree, [one])].every((entry) => shared.has(entry) || isFree(entry));
  let found = leave(facts, all, new Set(all.filter((one) => wanted.has(one) && isClean(one))));
  for (;;) {
    const held = heldEntries(tree, found, isFree);
    const going = new Set([...found.packages].filter((one) => ![...filesOf(tree, [one])].some((entry) => held.has(entry))));
    if (going.size === found.packages.size) return found;
    found = leave(facts, all, going);
  }
}

/** Whether an earlier transform has taken it out. */
function isGone(tree: FileTree, { isRemoved }: PlanContext, one: Package): boolean {
  const list = tree.find(`${infoStem(one) ?? ""}.list`);
  return list >= 0 && isRemoved(list);
}

/** The stem of a package's files in dpkg's folder: `var/lib/dpkg/info/gcc` or `…/libc6-dev:amd64`. */
export function infoStem({ paths }: Package): ByteString | undefined {
  const list = paths.find((path) => /^var\/lib\/dpkg\/info\/[^/]+\.list$/.test(path));
  return list?.slice(0, -".list".length);
}

function leave(facts: Facts, all: readonly InstalledPackage[], chosen: ReadonlySet<InstalledPackage>): LeavingPackages {
  const tree = facts.get(fileTree);
  const installed = new Map(all.map((one) => [one.name, one]));
  const needed = packageClosure(
    all.filter((one) => !chosen.has(one)),
    installed,
  );
  const staying = all.filter((one) => needed.has(one));
  const going = new Set(all.filter((one) => !needed.has(one)));
  const shared = filesOf(tree, staying);
  const entries = new Set([...filesOf(tree, going)].filter((entry) => !shared.has(entry)));
  const alternatives = changeAlternatives(facts, (entry) => entries.has(entry));
  for (const entry of alternatives.flatMap(({ removed }) => removed)) entries.add(entry);
  return { packages: going, staying, entries, alternatives };
}

/** Entries that can't go as things are. */
function heldEntries(
  tree: FileTree,
  { entries, alternatives }: LeavingPackages,
  isFree: (entry: number) => boolean,
): ReadonlySet<number> {
  const held = linksThrough(tree, (entry) => entries.has(entry));
  for (const { choices, removed, rewritten, isBlocked } of alternatives) {
    const touched = rewritten === undefined ? removed : [rewritten.entry];
    const isHeld = isBlocked || touched.some((entry) => held.has(entry) || !isFree(entry));
    if (isHeld) for (const choice of choices) held.add(choice);
  }
  return held;
}

function filesOf(tree: FileTree, some: Iterable<InstalledPackage>): Set<number> {
  const entries = new Set<number>();
  for (const { nodes } of some) {
    for (const node of nodes) {
      const entry = tree.visible(node);
      if (entry >= 0 && tree.type(entry) !== "directory") entries.add(entry);
    }
  }
  return entries;
}

/** Without the architecture that tells it from another of its name. */
function plainName({ name }: Package): string {
  return name.replace(/:.*$/, "");
}

/** Packages that dpkg's diversions and triggers name: removing one would change more than its own files. */
function namesInRecords(facts: Facts): ReadonlySet<string> {
  const tree = facts.get(fileTree);
  const records = [...tree.glob("var/lib/dpkg/triggers/*"), ...tree.glob("var/lib/dpkg/diversions")];
  const words = records.flatMap((node) => {
    const bytes = capturedContent(facts, tree.visible(node));
    return bytes === undefined ? [] : byteStringOf(bytes).split(/\s+/);
  });
  return new Set(words.map((word) => word.replace(/\/noawait$/, "").replace(/:[^:]*$/, "")));
}
