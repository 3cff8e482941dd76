import { leavingClaims } from "../../claims/leaving-claims.ts";
import type { BuiltImage, EditContext, ProposedSaving } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { removalClaims } from "../../facts/removal-claims.ts";
import { byteStringFromText } from "../../lib/byte-string.ts";
import { estimatedToolSaving } from "../evidence/build-tool-sizes.ts";
import { layerClaims } from "../evidence/saving.ts";
import type { BuildPart } from "./build-part.ts";
import { keptPackages, layersOfSteps } from "./kept-packages.ts";

/** The tools, and what only they brought, when the stage that ships installs these packages. */
export function stageSaving(context: EditContext, part: BuildPart, names: readonly string[]): ProposedSaving {
  const { built } = context;
  const { tools } = part;
  const layers = built === undefined ? [] : layersOfSteps(built, tools);
  if (built === undefined || layers.length === 0) {
    const operands = tools.flatMap(({ uses }) => uses.flatMap((use) => use.operands));
    return estimatedToolSaving(operands.flatMap(({ value = [] }) => value));
  }
  const going = names.length > 0 ? leavingFiles(context, built, part, names) : allOf(built, new Set(layers));
  return { claims: [...going, ...writtenByPip(built, part)] };
}

/** What of apt's archives the RUNs with the tools left. */
export function archiveClaims(context: EditContext, { tools }: BuildPart): readonly EntryClaim[] {
  return tools.flatMap(({ instruction }) => layerClaims(context, instruction, ["apt-archives"]));
}

/** All that some layers hold, and the folders that only they have. */
function allOf({ facts }: BuiltImage, layers: ReadonlySet<number>): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  const isOfTools = (entry: number): boolean => layers.has(tree.layerOf(entry));
  const isGoing = (entry: number): boolean =>
    tree.type(entry) !== "directory" ||
    (tree.stored(tree.nodeOf(entry)).every(isOfTools) && [...tree.within(tree.nodeOf(entry))].every(isOfTools));
  return removalClaims(
    tree,
    [...tree.all()].filter((entry) => isOfTools(entry) && isGoing(entry)),
  );
}

/** What the scripts of packages write, such as compiled modules of Python, is written again in the shipped stage: it is not counted. */
function leavingFiles(context: EditContext, built: BuiltImage, part: BuildPart, names: readonly string[]): readonly EntryClaim[] {
  const kept = keptPackages(built, names);
  const leaving = built.facts.get(packages).final.filter((one) => one.kind === "dpkg" && !kept.has(one));
  const archives = archiveClaims(context, part);
  const files = leavingClaims(built.facts, layersOfSteps(built, part.tools), new Set(leaving));
  const claimed = new Set(archives.map(({ entry }) => entry));
  return [...archives, ...files.filter(({ entry }) => !claimed.has(entry))];
}

/** Byte code of modules that pip itself runs: of no package that these RUNs installed, and so not copied. */
function writtenByPip({ facts, layersOf }: BuiltImage, { installs, environment }: BuildPart): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  const layers = new Set(installs.flatMap(({ instruction }) => [...layersOf(instruction)]));
  const isIn = (entry: number): boolean => entry >= 0 && layers.has(tree.layerOf(entry));
  const written = new Set([...tree.glob("**/__pycache__/*.pyc")].map((node) => tree.visible(node)).filter(isIn));
  const all = facts.get(packages).final.filter(({ kind }) => kind === "python");
  const brings = (one: InstalledPackage): boolean =>
    [...packageEntries(tree, [one])].some((entry) => isIn(entry) && !written.has(entry));
  const brought = packageEntries(tree, all.filter(brings));
  const copied = environment === undefined ? undefined : `${byteStringFromText(environment.slice(1))}/`;
  const isLeft = (entry: number): boolean =>
    !brought.has(entry) && (copied === undefined || !tree.path(entry).startsWith(copied));
  return removalClaims(tree, [...written].filter(isLeft));
}
