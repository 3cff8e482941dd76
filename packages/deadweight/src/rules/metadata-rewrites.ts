import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPaths } from "../claims/largest-paths.ts";
import { layerLabel } from "../claims/layer-label.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { pathHistory, type MetadataChange, type Rewrite } from "../facts/path-history.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

const changeNames: Readonly<Record<MetadataChange, string>> = {
  owner: "owner",
  mode: "mode",
  mtime: "time",
  xattrs: "extended attributes",
};

/** Content stored a second time for a new owner, mode or time. */
export const metadataRewrites: Rule = defineRule({
  name: "metadata-rewrites",
  title: "Files stored again though their content is the same",
  meaning:
    "An overlay file system copies a whole file up when only its owner, mode or time changes: `RUN chown -R app /srv` in a " +
    "later layer stores all of /srv a second time. The commonest causes are `chown -R`, `chmod -R` and `touch` after a COPY " +
    "or a RUN, and copying the same tree twice.",
  measure:
    "For each visible file the stored copies of its path are compared from the top: as long as type and content (sha256 and " +
    "size; the target of a link) are the same, each copy but the lowest counts, with headers and padding. The lowest stays. " +
    "Copies that differ in content, or that were removed in between, belong to shadowed-files. Sparse files are left out.",
  risk:
    "None for a container: `deadweight optimize` gives the lowest copy the owner, mode, times and attributes of the highest, or " +
    "removes the copies below the highest where hard links or a base image are in the way; what is seen is the same. In a " +
    "Dockerfile the lowest copy must get them in its own layer: `COPY --chown` with a name needs that user in /etc/passwd at this point, and an octal `COPY --chmod` sets files and folders alike. Files of the base " +
    "image can't be given another owner there: change only those that the program writes to.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const { rewrites, rewritten } = facts.get(pathHistory);
    const claims = Map.groupBy(rewritten, (entry) => tree.layerOf(entry));
    const byLayer = Map.groupBy(rewrites, ({ entry }) => tree.layerOf(entry));
    const layers = [...claims.keys()].sort((one, other) => one - other);
    return layers.map((layer) => findingFor(facts, layer, claims.get(layer) ?? [], byLayer.get(layer) ?? []));
  },
});

function findingFor(facts: Facts, layer: number, entries: readonly number[], rewrites: readonly Rewrite[]): RuleFinding {
  const tree = facts.get(fileTree);
  const names = rewrites.map(({ entry }) => entry);
  return {
    message:
      `${countOf(names.length, "file")} stored again by ${layerLabel(facts, layer)} ` +
      `with the same content, ${changesInWords(rewrites)}: ${largestPaths(tree, names)}`,
    safety: "lossless",
    remedy: remedyFor(facts, layer, rewrites),
    claims: entries.map((entry) => ({ entry })),
  };
}

function changesInWords(rewrites: readonly Rewrite[]): string {
  const counts = (Object.keys(changeNames) as MetadataChange[])
    .map((change) => ({ change, count: rewrites.filter(({ changes }) => changes.includes(change)).length }))
    .filter(({ count }) => count > 0);
  const unchanged = rewrites.filter(({ changes }) => changes.length === 0).length;
  const words = counts.map(({ change, count }) => `${changeNames[change]} of ${count.toLocaleString("en-US")}`);
  const changed = words.length === 0 ? [] : [`changing the ${someOf(words, words.length)}`];
  return [...changed, ...(unchanged === 0 ? [] : [`${unchanged.toLocaleString("en-US")} as they were`])].join(", ");
}

/** Told by the instruction that brought most of the files. */
function remedyFor(facts: Facts, layer: number, rewrites: readonly Rewrite[]): string {
  const tree = facts.get(fileTree);
  const sources = Map.groupBy(rewrites, ({ previous }) => tree.layerOf(previous));
  const [source] = [...sources].reduce((most, next) => (next[1].length > most[1].length ? next : most), [layer, [] as Rewrite[]]);
  const origin = facts.get(layerOrigins).layers[source];
  if (origin?.base === true)
    return `change only what the program writes to: the files belong to the base image (layer ${source})`;
  const isCopy = origin?.keyword === "COPY" || origin?.keyword === "ADD";
  const has = (change: MetadataChange): boolean => rewrites.some(({ changes }) => changes.includes(change));
  const flags = [...(has("owner") ? ["--chown"] : []), ...(has("mode") ? ["--chmod"] : [])];
  if (isCopy && flags.length > 0) return `${origin.keyword} ${flags.join(" ")} in layer ${source} in place of layer ${layer}`;
  return `do it in the instruction that makes the files (layer ${source}), not in layer ${layer}`;
}
