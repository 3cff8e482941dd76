import type { Facts } from "../contracts/fact.ts";
import type { Rule } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { gpuSupport } from "../facts/gpu-support.ts";
import { packages } from "../facts/packages.ts";
import { textOf } from "../lib/byte-string.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { UserError } from "../lib/user-error.ts";
import type { Problem, Report } from "../model/report.ts";
import { rules } from "../rules/index.ts";
import { evaluateRules } from "./evaluate-rules.ts";
import { reclaimable } from "./reclaimable.ts";
import { weighedOf } from "./weigh.ts";
import { type ImageOptions, withFacts } from "./with-facts.ts";

export interface AnalyzeOptions extends ImageOptions {
  /** Names of rules to run, all when absent; and of rules to leave out. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** Weighs an image: every byte by layer and owner, what rules find, and what could not be read. Throws UserError. */
export async function analyze(reference: string, options: AnalyzeOptions): Promise<Report> {
  const chosen = chooseRules(options.only, options.skip);
  return withFacts(reference, options, ({ facts, weights }) => {
    options.onProgress?.({ kind: "note", text: "evaluating rules" });
    const report = reportOf(facts, chosen);
    weights.put(facts, report);
    return report;
  });
}

function chooseRules(only: readonly string[] | undefined, skip: readonly string[] | undefined): readonly Rule[] {
  const names = rules.map((rule) => rule.name);
  for (const name of [...(only ?? []), ...(skip ?? [])]) {
    if (!names.includes(name)) {
      throw new UserError("unknown-rule", `rule ${JSON.stringify(name)}: there is none of that name`, {
        hint: didYouMean(name, names),
        exitCode: 2,
      });
    }
  }
  return rules.filter((rule) => (only?.includes(rule.name) ?? true) && !(skip?.includes(rule.name) ?? false));
}

/** The report on an image that was read, with what these rules say. */
export function reportOf(facts: Facts, chosen: readonly Rule[]): Report {
  const { image, totals, baseImage, layers, components } = weighedOf(facts);
  const { outcomes, findings } = evaluateRules(facts, chosen);
  const gpus = facts.get(gpuSupport);
  const bySafety = reclaimable(facts.get(fileTree), findings);
  return {
    schemaVersion: 1,
    tool: { name: "deadweight", version: toolVersion() },
    image,
    totals: {
      ...totals,
      reclaimableBytes: bySafety.reduce((sum, row) => sum + row.bytes, 0),
      reclaimableCompressedBytes: bySafety.reduce((sum, row) => sum + row.compressedBytes, 0),
    },
    reclaimable: bySafety,
    baseImage,
    layers,
    components,
    outcomes,
    ...(gpus === undefined ? {} : { gpus }),
    problems: problemsOf(facts),
  };
}

/** Databases that could not be read, and what is odd in the layers or in how they stack. */
export function problemsOf(facts: Facts): readonly Problem[] {
  const tree = facts.get(fileTree);
  const odd = (entry: number, message: string): Problem => ({
    location: { layer: tree.layerOf(entry), path: textOf(tree.path(entry)) },
    message,
  });
  let first = 0;
  const inLayers = facts.layers.flatMap((layer) => {
    const problems = layer.oddities.map(({ entry, message }) => odd(first + entry, message));
    first += layer.count;
    return problems;
  });
  return [
    ...facts.get(packages).problems,
    ...inLayers,
    ...tree.oddities.slice(0, 1000).map(({ entry, message }) => odd(entry, message)),
  ];
}
