import type { Facts } from "../../contracts/fact.ts";
import { leavingClaims } from "../../claims/leaving-claims.ts";
import { buildToolOf } from "../../facts/build-tool.ts";
import { commandWords, entryNamed } from "../../facts/command-words.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { libraries } from "../../facts/libraries.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { programs } from "../../facts/programs.ts";
import { removablePackages } from "../../facts/removable-packages.ts";
import { textOf } from "../../lib/byte-string.ts";
import { documentsOf, madeByScripts } from "./slim-entries.ts";
import type { Lack } from "./smaller-bases.ts";

const ofRuntimeFlavour =
  /^(?:cuda-(?:libraries|nvtx|nvrtc|opencl|nvjpeg|cufft|curand|cusolver|cusparse|cublas|npp)|lib(?:npp|cublas|cusparse|nccl|cudnn|cufft|curand|cusolver|nvjitlink|nvjpeg|cufile|nvfatbin|nvvm))/;

/** Visible files of the image's lowest layers that a smaller base would not bring; undefined when dpkg's database is not in them. */
export function lostEntries(facts: Facts, layers: number, lacks: readonly Lack[]): ReadonlySet<number> | undefined {
  const ofBase = dpkgAt(facts, layers - 1);
  if (layers === 0 || ofBase.length === 0) return undefined;
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const names = new Set(ofBase.map(({ name }) => name));
  const isSlim = lacks.includes("documents");
  const buildpack = lacks.includes("buildpack") ? beyondSlim(facts, layers, all, names) : new Set<InstalledPackage>();
  const lost = isSlim ? buildpack : lostOfCuda(all, names, lacks);
  if (lost === undefined) return undefined;
  const tree = facts.get(fileTree);
  const claims = leavingClaims(facts, [...Array(layers).keys()], lost);
  const isOfBase = (entry: number): boolean => tree.layerOf(entry) < layers;
  const gone = [
    ...claims.map(({ entry }) => entry),
    ...(lacks.includes("cuda-libraries") ? entryPointOf(tree).filter(isOfBase) : []),
    ...(lost.size > 0 && isSlim ? [...madeByScripts(tree, all, layers)] : []),
    ...(isSlim ? documentsOf(tree, all, layers) : []),
  ];
  // With what a container sees go the copies that the base's own layers hide.
  return new Set(gone.flatMap((entry) => (tree.type(entry) === "directory" ? [entry] : tree.stored(tree.nodeOf(entry)))));
}

/** The entry point of NVIDIA's images and the scripts that it calls are in no package. */
function entryPointOf(tree: FileTree): readonly number[] {
  const folder = tree.paths.find("opt/nvidia");
  return folder < 0 ? [] : [...tree.within(folder)];
}

function dpkgAt(facts: Facts, layer: number): readonly InstalledPackage[] {
  const lists = facts.get(packages).layers[layer]?.values() ?? [];
  return [...lists].flat().filter(({ kind }) => kind === "dpkg");
}

function lostOfCuda(
  all: readonly InstalledPackage[],
  inBase: ReadonlySet<string>,
  lacks: readonly Lack[],
): ReadonlySet<InstalledPackage> {
  const isLost = (one: InstalledPackage): boolean =>
    (lacks.includes("toolkit") && buildToolOf(one) !== undefined) ||
    (lacks.includes("cuda-libraries") && ofRuntimeFlavour.test(one.name));
  const tools = new Set(all.filter((one) => inBase.has(one.name) && isLost(one)));
  const { removable, spared } = removablePackages(all, tools);
  return new Set([...removable, ...spared].filter(({ name }) => inBase.has(name)));
}

/** docker-library's slim images keep Debian's own, certificates, netbase, tzdata and the libraries that python is linked with. */
function beyondSlim(
  facts: Facts,
  layers: number,
  all: readonly InstalledPackage[],
  inBase: ReadonlySet<string>,
): ReadonlySet<InstalledPackage> | undefined {
  const needed = ownersNeededBelow(facts, layers, all);
  if (needed === undefined) return undefined;
  const debian = new Set(dpkgAt(facts, 0).map(({ name }) => name));
  const installed = new Map(all.map((one) => [one.name, one]));
  const roots = all.filter(
    (one) =>
      debian.has(one.name) || !inBase.has(one.name) || /^(?:ca-certificates|netbase|tzdata)$/.test(one.name) || needed.has(one),
  );
  const staying = packageClosure(roots, installed);
  return new Set(all.filter((one) => inBase.has(one.name) && !staying.has(one)));
}

/** The packages whose libraries the base's own files in /usr/local need. */
function ownersNeededBelow(
  facts: Facts,
  layers: number,
  all: readonly InstalledPackage[],
): ReadonlySet<InstalledPackage> | undefined {
  const [tree, read, found] = [facts.get(fileTree), facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return undefined;
  const needed = new Set<number>();
  for (const entry of tree.within(Math.max(0, tree.paths.find("usr/local")))) {
    if (tree.layerOf(entry) >= layers || /\/_?tkinter|\/idlelib\//.test(tree.path(entry))) continue;
    for (const name of read.elf(entry)?.needed ?? []) needed.add(found.find(entry, name));
  }
  return new Set(all.filter((one) => [...packageEntries(tree, [one])].some((entry) => needed.has(entry))));
}

/** What of the image would miss the entries: libraries that files are linked with, interpreters of scripts, the command. */
export function missedBy(facts: Facts, lost: ReadonlySet<number>): string | undefined {
  const [tree, read, found] = [facts.get(fileTree), facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return "the image's programs were not looked into";
  const isLost = (entry: number): boolean => entry >= 0 && (lost.has(entry) || lost.has(tree.contentOf(entry)));
  // The base's own entry point goes with what it tells of; a command of the Dockerfile that names it was found there.
  const ofBase = new Set(entryPointOf(tree));
  const words = commandWords(facts).map(([, word]) => entryNamed(facts, word));
  const called = words.find((entry) => isLost(entry) && !ofBase.has(entry));
  if (called !== undefined) return `the command calls /${textOf(tree.path(called))}`;
  for (const entry of tree.all()) {
    if (lost.has(entry)) continue;
    const library = read.elf(entry)?.needed.find((name) => isLost(found.find(entry, name)));
    if (library !== undefined) return `/${textOf(tree.path(entry))} needs ${textOf(library)}`;
    const interpreter = read.shebang(entry)?.trim().split(/\s+/)[0];
    if (interpreter !== undefined && isLost(tree.resolve(interpreter)))
      return `/${textOf(tree.path(entry))} is a script of ${textOf(interpreter)}`;
  }
  return undefined;
}
