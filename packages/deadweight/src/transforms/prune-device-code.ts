import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type EntryEdit, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { cutObstacle } from "../facts/debugged-files.ts";
import { deviceCode, type DeviceFile } from "../facts/device-code.ts";
import { deviceNeeds, type DeviceNeeds } from "../facts/device-needs.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import { printBytes } from "../lib/byte-size.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";
import { printTarget, type GpuChoice } from "../model/gpu.ts";
import { prunedFile, type PrunedFile } from "./prune-device-code/pruned-file.ts";
import { fixedSums } from "./update-package-records/fixed-sums.ts";
import { shownContent } from "./update-package-records/shown-content.ts";

/** Cuts code for other GPUs than the named ones out of programs and libraries. */
export const pruneDeviceCode: Transform = defineTransform({
  name: "prune-device-code",
  title: "Cut code for other GPUs than the named ones out of libraries",
  safety: "verified",
  // Symbols go before: strip(1) knows the files as linkers leave them.
  order: 56,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const made = decisions(facts, context);
    const edits = made.flatMap(({ target, file, verdict }): PlannedEdit[] => {
      if (typeof verdict === "string") return [];
      return [{ entry: target, edit: editOf(tree, context, target, verdict), reason: reasonOf(facts.gpus, file, verdict) }];
    });
    const left = made.filter(({ verdict }) => typeof verdict === "string");
    const notes = [...Map.groupBy(left, ({ verdict }) => verdict as string)].map(([reason, group]) =>
      noteOf(tree, reason, group),
    );
    return { edits, notes: [...notes, ...unservedNotes(tree, made)] };
  },
});

/** One stored content that containers will see, and what becomes of it; a text says why it stays. */
interface Decision {
  readonly target: number;
  readonly file: DeviceFile;
  readonly needs: DeviceNeeds | string;
  readonly verdict: PrunedFile | string;
}

function decisions(facts: Facts, context: PlanContext): readonly Decision[] {
  const { gpus } = facts;
  if (gpus === undefined) return [];
  const tree = facts.get(fileTree);
  const found = facts.get(deviceCode).flatMap((file) => {
    const target = shownContent(tree, context, file.content);
    if (target === undefined || !context.mayEdit(tree.layerOf(target))) return [];
    const needs = deviceNeeds(file, gpus.targets, gpus.keepPtx);
    return typeof needs !== "string" && needs.unneededBytes === 0 ? [] : [{ target, file, needs }];
  });
  const fixed = fixedSums(facts, context, new Set(found.map(({ file }) => file.content)));
  const obstacle = cutObstacle(facts);
  const groups = Map.groupBy(found, ({ target }) => target);
  return [...groups.values()].flatMap((group): Decision[] => {
    const [first] = group;
    if (first === undefined) return [];
    // All names that will show the content must allow it.
    const reason = group
      .map(({ target, file }) => reasonAgainst(context, tree, target, file, gpus) ?? fixed.get(file.content))
      .concat(group.map(({ file }) => obstacle(file.content, file.names)))
      .find((one) => one !== undefined);
    const verdict = reason ?? (typeof first.needs === "string" ? first.needs : prunedFile(facts, context, first, first.needs));
    return [{ ...first, verdict }];
  });
}

function reasonAgainst(
  { isKept }: PlanContext,
  tree: FileTree,
  target: number,
  { content, names, isVendor }: DeviceFile,
  { includeVendor }: GpuChoice,
): string | undefined {
  if (names.some((name) => isKept(tree.path(name)))) return "it is to be kept";
  if (tree.hash(content) !== tree.hash(target)) return "a layer below has another content for it";
  return isVendor && !includeVendor
    ? "it is NVIDIA's, whose licence restricts passing on what is changed; --include-vendor cuts it all the same"
    : undefined;
}

/** What is seen in place of a higher copy has that one's attributes. */
function editOf(tree: FileTree, context: PlanContext, target: number, { pieces, size }: PrunedFile): EntryEdit {
  const edit = context.editOf(target);
  const uncovered = context.isUncovered(target) ? tree.visible(tree.nodeOf(target)) : undefined;
  const of = edit?.action === "take-attributes" || edit?.action === "cut-content" ? edit.of : uncovered;
  return { action: "cut-content", pieces, size, ...(of === undefined ? {} : { of }) };
}

function reasonOf(gpus: GpuChoice | undefined, { names, isVendor }: DeviceFile, { freedBytes, how }: PrunedFile): string {
  const targets = (gpus?.targets ?? []).map(printTarget).join(" and ");
  const links = names.length > 1 ? ", for all its names" : "";
  const licence = isVendor ? "; NVIDIA's licence restricts passing it on" : "";
  return `unused-device-code: ${printBytes(freedBytes)} of code for other GPUs than ${targets} ${how}${links}${licence}`;
}

function noteOf(tree: FileTree, reason: string, group: readonly Decision[]): string {
  return `code for other GPUs stays in ${countOf(group.length, "file")}, ${pathsOf(tree, group)}: ${reason}`;
}

function unservedNotes(tree: FileTree, made: readonly Decision[]): readonly string[] {
  const pairs = made.flatMap((decision) =>
    typeof decision.needs === "string" ? [] : decision.needs.unserved.map((target) => ({ name: printTarget(target), decision })),
  );
  return [...Map.groupBy(pairs, ({ name }) => name)].map(([name, group]) => {
    const all = group.map(({ decision }) => decision);
    return `${name} finds no code of its own in ${countOf(all.length, "file")}, before and after: ${pathsOf(tree, all)}`;
  });
}

function pathsOf(tree: FileTree, group: readonly Decision[]): string {
  const paths = group.map(({ file }) => `/${textOf(tree.path(file.content))}`);
  return someOf(paths.slice(0, 3), 3, paths.length);
}
