import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { entriesInWords } from "../claims/entries-in-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPaths } from "../claims/largest-paths.ts";
import { layerLabels } from "../claims/layer-label.ts";
import { pathHistory } from "../facts/path-history.ts";
import { countOf } from "../lib/count-of.ts";

/** By the fate of an entry, or the type of a marker: what became of it, before `layer 3`. */
const causes = {
  overwritten: "overwritten by",
  removed: "removed by",
  "below-removed": "below folders removed by",
  "below-opaque": "below folders emptied by",
  replaced: "below folders that became a file or a link in",
  repeated: "stored more than once in",
} as const;
type Cause = keyof typeof causes;

/** Bytes of lower layers that no container can see. */
export const shadowedFiles: Rule = defineRule({
  name: "shadowed-files",
  title: "Files that a later layer hides",
  meaning:
    "A layer is never changed by the ones above it: a file that a later instruction overwrites or removes is still stored, " +
    "pushed and pulled, though no container sees it. The same goes for all below a removed folder, below one that a layer " +
    "emptied and filled anew (an opaque folder), below one that became a file or a link, and for what one archive stores " +
    "twice. The markers that hide it (`.wh.` names) go with it.",
  measure:
    "The layers are stacked by the rules of overlayfs, markers of whole folders included. Each hidden entry counts with its " +
    "headers, content and padding; the copy that stays does not. A hidden name whose content another visible hard link uses " +
    "is not counted, nor is what only a change of owner, mode or time stored again: see metadata-rewrites.",
  risk:
    "None for a container: it can't read these bytes. A layer that is rewritten gets a new digest, so that it is no longer " +
    "shared with other images that have the old one; this matters most for layers of the base image.",
  evaluate: (facts) => {
    const byCause = Map.groupBy(facts.get(pathHistory).dead, (entry) => causeOf(facts, entry));
    const order = Object.keys(causes) as Cause[];
    return order.flatMap((cause) => findingFor(facts, cause, byCause.get(cause) ?? []));
  },
});

function causeOf(facts: Facts, entry: number): Cause {
  const fate = facts.get(pathHistory).fate(entry);
  if (fate === "marker") return facts.get(fileTree).type(entry) === "opaque" ? "below-opaque" : "removed";
  if (fate === "visible" || fate === "merged") throw new Error(`entry ${entry} is ${fate}, not dead`);
  return fate;
}

function findingFor(facts: Facts, cause: Cause, entries: readonly number[]): RuleFinding[] {
  if (entries.length === 0) return [];
  const tree = facts.get(fileTree);
  const hidden = entries.filter((entry) => tree.fate(entry) !== "marker");
  const layers = layerLabels(
    facts,
    (hidden.length === 0 ? entries : hidden).map((entry) => facts.get(pathHistory).hiddenBy(entry)),
  );
  const message =
    hidden.length === 0
      ? `${countOf(entries.length, "marker")} that ${entries.length === 1 ? "hides" : "hide"} nothing in ${layers}`
      : `${entriesInWords(tree, hidden)} ${causes[cause]} ${layers}: ${largestPaths(tree, hidden)}`;
  return [{ message, safety: "lossless", remedy: "deadweight optimize", claims: entries.map((entry) => ({ entry })) }];
}
