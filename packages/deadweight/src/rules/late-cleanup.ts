import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { entriesInWords } from "../claims/entries-in-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPaths } from "../claims/largest-paths.ts";
import { layerLabel, layerLabels } from "../claims/layer-label.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { pathHistory } from "../facts/path-history.ts";

const removals: ReadonlySet<string> = new Set(["removed", "below-removed", "below-opaque"]);

/** A cleanup that comes a layer too late to free anything. */
export const lateCleanup: Rule = defineRule({
  name: "late-cleanup",
  title: "Cleanup in a later layer than the mess",
  meaning:
    "`RUN rm -rf`, `apt-get purge` or `conda clean` in an instruction of its own frees nothing: what it removes is stored in " +
    "the layer of the instruction that brought it, and only hidden. The cleanup must be part of the same RUN; what a COPY " +
    "brought only to be used once can come by `RUN --mount=type=bind` or stay in another stage.",
  measure:
    "Each hidden entry whose own or whose folder's removal is in a layer of this Dockerfile is put down to the pair of " +
    "instructions that brought and removed it. The bytes are those that shadowed-files counts as well; the totals count them " +
    "once. What the base image brought is a finding apart.",
  risk:
    "Moving commands changes their order: a step in between may need what the cleanup removes. Removing files of the base " +
    "image frees nothing wherever it is done: only another base image, or rewriting its layers, does.",
  evaluate: (facts) => {
    const { layers } = facts.get(layerOrigins);
    if (layers.length < 2) return { notApplicable: "the image has one layer" };
    const { dead, fate, hiddenBy } = facts.get(pathHistory);
    const late = dead.filter((entry) => removals.has(fate(entry)) && layers[hiddenBy(entry)]?.base !== true);
    const byRemoval = [...Map.groupBy(late, hiddenBy)].sort(([one], [other]) => one - other);
    return byRemoval.flatMap(([layer, entries]) => {
      const isOfBase = (entry: number): boolean => layers[facts.get(fileTree).layerOf(entry)]?.base === true;
      const own = entries.filter((entry) => !isOfBase(entry));
      return [...ownFinding(facts, layer, own), ...baseFinding(facts, layer, entries.filter(isOfBase))];
    });
  },
});

function ownFinding(facts: Facts, layer: number, entries: readonly number[]): RuleFinding[] {
  if (entries.length === 0) return [];
  const tree = facts.get(fileTree);
  const bringers = layerLabels(
    facts,
    entries.map((entry) => tree.layerOf(entry)),
  );
  const message =
    `${layerLabel(facts, layer)} removes ${entriesInWords(tree, entries)} that ${bringers} brought: ` +
    largestPaths(tree, entries);
  return [{ message, safety: "verified", remedy: remedyFor(facts, layer, entries), claims: entries.map((entry) => ({ entry })) }];
}

function remedyFor(facts: Facts, layer: number, entries: readonly number[]): string {
  const sources = [...new Set(entries.map((entry) => facts.get(fileTree).layerOf(entry)))].sort((one, other) => one - other);
  const isCopied = sources.every((source) => /^(?:COPY|ADD)$/.test(facts.get(layerOrigins).layers[source]?.keyword ?? ""));
  const where = `${sources.length === 1 ? "layer" : "layers"} ${sources.join(", ")}`;
  return isCopied
    ? `bring the files with RUN --mount=type=bind, or leave them in a build stage, in place of ${where}`
    : `move the cleanup of layer ${layer} into the RUN of ${where}`;
}

function baseFinding(facts: Facts, layer: number, entries: readonly number[]): RuleFinding[] {
  if (entries.length === 0) return [];
  const message =
    `${layerLabel(facts, layer)} removes ${entriesInWords(facts.get(fileTree), entries)} of the base image, where moving ` +
    `the cleanup can't help: ${largestPaths(facts.get(fileTree), entries)}`;
  const remedy = "another base image, or deadweight optimize";
  return [{ message, safety: "lossless", remedy, claims: entries.map((entry) => ({ entry })) }];
}
