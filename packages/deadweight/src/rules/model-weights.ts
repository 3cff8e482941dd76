import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { otherWeights } from "../facts/other-weights.ts";
import { owners, type Component } from "../facts/owners.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** Packages bring toy models for their tests. */
const smallestModel = 1024 * 1024;

/** Weights of models, and formats of them that nothing loads. */
export const modelWeights: Rule = defineRule({
  name: "model-weights",
  title: "Model weights in the image",
  meaning:
    "Weights are no dead weight, but they make an image large, change at another pace than the program, and are pulled again " +
    "with every layer that holds them. The same weights in a second format are dead weight: a download of a whole repository " +
    "brings `pytorch_model.bin`, `tf_model.h5` and `flax_model.msgpack` beside `model.safetensors`, and only the last is " +
    "loaded.",
  measure:
    "Names the models that the catalogers found by content, of a mebibyte and more, with format, element types and " +
    "parameters as their headers say; they are not counted as reclaimable. Counts weights of another format when all " +
    "safetensors of the model lie in the same folder and their sizes differ by a tenth at most, with the blobs of the " +
    "Hugging Face cache that no other name leads to.",
  risk:
    "A model that is mounted or downloaded at the start must be there when the container starts, off line too. transformers, " +
    "diffusers and peft take safetensors where they are; a program that opens `pytorch_model.bin` by name does not. " +
    "`tf_model.h5` is left alone where tensorflow is installed, `flax_model.msgpack` where flax is. Other precisions " +
    "(`fp16`), GGUF, ONNX and `original/` folders are different weights.",
  evaluate: (facts) => {
    const findings = [...presentModels(facts), ...repeatedWeights(facts)];
    return findings.length === 0 ? { notApplicable: "no model weights" } : findings;
  },
});

function presentModels(facts: Facts): RuleFinding[] {
  const sizes = modelSizes(facts);
  const large = [...sizes].filter(([, size]) => size >= smallestModel).sort(([, one], [, other]) => other - one);
  if (large.length === 0) return [];
  const names = large.map(([{ name, origin }]) => (origin === undefined ? name : `${name} (${origin})`));
  const is = large.length === 1 ? "is" : "are";
  return [
    {
      message: `${countOf(large.length, "model")} ${is} in the image: ${someOf(names)}`,
      safety: "opt-in",
      remedy: "mount a volume or download at the start, or a layer of their own (COPY --link) below what changes more often",
      claims: [],
    },
  ];
}

/** Bytes of the visible files of each model. */
function modelSizes(facts: Facts): ReadonlyMap<Component, number> {
  const tree = facts.get(fileTree);
  const { of } = facts.get(owners);
  const sizes = new Map<Component, number>();
  for (const entry of tree.all()) {
    const owner = of(entry);
    if (owner.kind === "model" && tree.type(entry) === "file") sizes.set(owner, (sizes.get(owner) ?? 0) + tree.size(entry));
  }
  return sizes;
}

function repeatedWeights(facts: Facts): RuleFinding[] {
  const { entries, paths } = facts.get(otherWeights);
  if (entries.size === 0) return [];
  const names = paths.map((path) => `/${textOf(path)}`);
  return [
    {
      message: `weights of the same models lie there as safetensors too: ${someOf(names)}`,
      safety: "opt-in",
      remedy: 'download safetensors alone: snapshot_download(…, ignore_patterns=["*.bin", "*.h5", "*.msgpack"])',
      claims: removalClaims(facts.get(fileTree), entries),
    },
  ];
}
