import { leavingClaims } from "../../claims/leaving-claims.ts";
import type { BuiltImage, EditContext, ProposedSaving } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { removalClaims } from "../../facts/removal-claims.ts";
import { byteStringFromText } from "../../lib/byte-string.ts";
import { layerClaims } from "../evidence/saving.ts";
import type { BuildPart } from "./build-part.ts";
import { keptPackages, layersOfSteps } from "./kept-packages.ts";

const sizes: Readonly<Record<string, number>> = {
  "build-essential": 323_000_000,
  "g++": 267_000_000,
  gcc: 180_000_000,
  cmake: 95_600_000,
};

/** The tools, and what only they brought, when the stage that ships installs these packages. */
export function stageSaving(context: EditContext, part: BuildPart, names: readonly string[]): ProposedSaving {
  const { built } = context;
  const { tools } = part;
  const layers = built === undefined ? [] : layersOfSteps(built, tools);
  if (built === undefined || layers.length === 0) {
    const named = tools.flatMap(({ uses }) =>
      uses.flatMap(({ operands }) => operands.map(({ value = "" }) => sizes[value] ?? 0)),
    );
    return { bytes: Math.max(0, ...named), source: "installed size of the largest of the tools in Debian bookworm" };
  }
  if (names.length > 0) return { claims: [...leavingFiles(context, built, part, names), ...writtenByPip(built, part)] };
  const tree = built.facts.get(fileTree);
  const isOfTools = (entry: number): boolean => layers.includes(tree.layerOf(entry));
  const going = [...tree.all()].filter(
    (entry) => isOfTools(entry) && (tree.type(entry) !== "directory" || isOwnFolder(tree, entry, isOfTools)),
  );
  return { claims: [...removalClaims(tree, going), ...writtenByPip(built, part)] };
}

/** Whether only these layers have a folder and what is in it. */
function isOwnFolder(tree: FileTree, folder: number, isOfTools: (entry: number) => boolean): boolean {
  const node = tree.nodeOf(folder);
  return tree.stored(node).every(isOfTools) && [...tree.within(node)].every(isOfTools);
}

/** What the scripts of packages write, such as compiled modules of Python, is written again in the shipped stage: it is not counted. */
function leavingFiles(
  context: EditContext,
  built: BuiltImage,
  { tools }: BuildPart,
  names: readonly string[],
): readonly EntryClaim[] {
  const kept = keptPackages(built, names);
  const leaving = built.facts.get(packages).final.filter((one) => one.kind === "dpkg" && !kept.has(one));
  const archives = tools.flatMap(({ instruction }) => layerClaims(context, instruction, ["apt-archives"]));
  const files = leavingClaims(built.facts, layersOfSteps(built, tools), new Set(leaving));
  const claimed = new Set(archives.map(({ entry }) => entry));
  return [...archives, ...files.filter(({ entry }) => !claimed.has(entry))];
}

/** Byte code of modules that pip itself runs: of no package that these RUNs installed, and so not copied. */
function writtenByPip({ facts, layersOf }: BuiltImage, { installs, environment }: BuildPart): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  const layers = new Set(installs.flatMap(({ instruction }) => [...layersOf(instruction)]));
  const isIn = (entry: number): boolean => entry >= 0 && layers.has(tree.layerOf(entry));
  const written = new Set([...tree.glob("**/__pycache__/*.pyc")].map((node) => tree.visible(node)).filter(isIn));
  const brings = ({ nodes }: InstalledPackage): boolean =>
    nodes.some((node) => isIn(tree.visible(node)) && !written.has(tree.visible(node)));
  const brought = packageEntries(
    tree,
    facts.get(packages).final.filter((one) => one.kind === "python" && brings(one)),
  );
  const copied = environment === undefined ? undefined : `${byteStringFromText(environment.slice(1))}/`;
  const isLeft = (entry: number): boolean =>
    !brought.has(entry) && (copied === undefined || !tree.path(entry).startsWith(copied));
  return removalClaims(tree, [...written].filter(isLeft));
}
