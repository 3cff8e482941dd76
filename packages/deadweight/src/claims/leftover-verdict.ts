import type { Facts } from "../contracts/fact.ts";
import type { EntryClaim, RuleFinding, Verdict } from "../contracts/rule.ts";
import { countOf } from "../lib/count-of.ts";
import type { Safety } from "../model/report.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { layerLabels } from "./layer-label.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { unlinkedClaims } from "./unlinked-claims.ts";

/** Files that a tool leaves behind at known places. */
export interface Leftover {
  /** What the files are, after a count: `files of apt's package lists`. */
  readonly what: string;
  /** As for `FileTree.glob`; all files below are meant. */
  readonly patterns: readonly string[];
  readonly accept?: (entry: number) => boolean;
  readonly safety: Safety;
  /** What to do, before `the RUN of layer 3`: "add `rm -rf /tmp/*` to". */
  readonly avoid: string;
  /** Patterns that show that the tool is there, and what to say when it is not and has left nothing. */
  readonly tool?: { readonly patterns: readonly string[]; readonly absent: string };
}

/** One finding for all leftover files in any layer, visible ones alone; not applicable where the tool is not in the image. */
export function leftoverVerdict(facts: Facts, leftover: Leftover): Verdict {
  const findings = leftoverFindings(facts, leftover);
  const { tool } = leftover;
  if (findings.length > 0 || tool === undefined) return findings;
  return isThere(facts.get(fileTree), tool.patterns) ? [] : { notApplicable: tool.absent };
}

/** Whether a container sees anything at or below the patterns. */
function isThere(tree: FileTree, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => [...tree.globAll(pattern)].some((node) => tree.within(node).next().done !== true));
}

/** The same as findings alone: none or one. */
export function leftoverFindings(facts: Facts, leftover: Leftover): readonly RuleFinding[] {
  const claims = unlinkedClaims(facts, leftover.patterns, leftover.accept);
  if (claims.length === 0) return [];
  const layers = claims.map(({ entry }) => facts.get(fileTree).layerOf(entry));
  const message = `${countOf(claims.length, "file")} ${leftover.what} in ${layerLabels(facts, layers)}`;
  return [{ message, safety: leftover.safety, remedy: leftoverRemedy(facts, claims, leftover.avoid), claims }];
}

/** What frees claimed files: an edit of the instructions that brought them, where those are the user's own. */
export function leftoverRemedy(facts: Facts, claims: readonly EntryClaim[], avoid: string): string {
  const tree = facts.get(fileTree);
  const layers = [...new Set(claims.map(({ entry }) => tree.layerOf(entry)))].sort((one, other) => one - other);
  const own = layers.filter((layer) => facts.get(layerOrigins).layers[layer]?.base !== true);
  if (own.length === 0) return "deadweight optimize (the base image brought them)";
  const isCopy = (layer: number): boolean => /^(?:COPY|ADD)$/.test(facts.get(layerOrigins).layers[layer]?.keyword ?? "");
  const copies = own.filter(isCopy);
  const runs = own.filter((layer) => !isCopy(layer));
  const edits = [
    ...(runs.length === 0 ? [] : [`${avoid} the RUN of ${numbered(runs)}`]),
    ...(copies.length === 0
      ? []
      : [`keep them out of what ${numbered(copies)} ${copies.length === 1 ? "copies" : "copy"} (.dockerignore)`]),
  ];
  return `deadweight optimize, or ${edits.join(" and ")}`;
}

function numbered(layers: readonly number[]): string {
  return `${layers.length === 1 ? "layer" : "layers"} ${layers.join(", ")}`;
}
