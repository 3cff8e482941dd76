import assert from "node:assert/strict";
import type { BuiltImage, Edit, EditContext, Proposals } from "../../src/contracts/edit.ts";
import type { Facts } from "../../src/contracts/fact.ts";
import { applyReplacements } from "../../src/dockerfile/apply-replacements.ts";
import { stageChain, variablesAt } from "../../src/dockerfile/expand-variables.ts";
import { parseDockerfile } from "../../src/dockerfile/parse-dockerfile.ts";
import type { Instruction } from "../../src/model/dockerfile.ts";
import type { GpuChoice } from "../../src/model/gpu.ts";
import { rules } from "../../src/rules/index.ts";

/** What a test tells an edit besides the Dockerfile. */
export interface EditWorld {
  readonly facts?: Facts;
  /** Layers by the line of the instruction that made them. */
  readonly layers?: Readonly<Record<number, readonly number[]>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly gpus?: GpuChoice;
  readonly withoutGpu?: boolean;
  readonly asked?: readonly string[];
}

/** What an edit may look at for a Dockerfile whose last stage is shipped. */
export function editContext(text: string, world: EditWorld = {}): EditContext {
  const dockerfile = parseDockerfile(text);
  const target = dockerfile.stages.at(-1);
  assert.ok(target);
  const { facts, files, gpus } = world;
  return {
    dockerfile,
    target,
    shipped: stageChain(dockerfile, target),
    ...(facts && { built: builtImage(facts, world.layers ?? {}) }),
    ...(files && { contextFiles: Object.entries(files).map(([path, content]) => ({ path, bytes: content.length })) }),
    readContextFile: (path) => files?.[path],
    variablesAt: (instruction) => variablesAt(dockerfile, instruction),
    ...(gpus && { gpus }),
    withoutGpu: world.withoutGpu ?? false,
    isAsked: (name) => world.asked?.includes(name) ?? false,
  };
}

function builtImage(facts: Facts, layers: Readonly<Record<number, readonly number[]>>): BuiltImage {
  return {
    facts,
    layersOf: ({ line }: Instruction) => layers[line] ?? [],
    findings: (name) => {
      const verdict = rules.find((rule) => rule.name === name)?.evaluate(facts);
      assert.ok(verdict, `there is no rule ${name}`);
      return "notApplicable" in verdict ? [] : verdict;
    },
  };
}

/** What an edit proposes for a Dockerfile. */
export function proposalsOf(edit: Edit, text: string, world: EditWorld = {}): Proposals {
  return edit.propose(editContext(text, world));
}

/** The Dockerfile with all that an edit proposes, which must be one that still parses and of which the edit wants nothing more. */
export function edited(edit: Edit, text: string, world: EditWorld = {}): string {
  const after = appliedOnce(edit, text, world);
  parseDockerfile(after);
  assert.deepEqual(appliedOnce(edit, after, world), after, "it wants to change its own output");
  return after;
}

function appliedOnce(edit: Edit, text: string, world: EditWorld): string {
  const { proposals } = proposalsOf(edit, text, world);
  return applyReplacements(
    text,
    proposals.flatMap(({ replacements }) => replacements),
  );
}

/** Holds a truth table: Dockerfiles after `FROM debian`, each with what becomes of it; the same text where it is left alone. */
export function assertTruth(
  edit: Edit,
  rows: readonly (readonly [before: string, after: string])[],
  world: EditWorld = {},
): void {
  for (const [before, after] of rows) {
    assert.equal(edited(edit, `FROM debian\n${before}\n`, world), `FROM debian\n${after}\n`, before);
  }
}

/** Fails unless an edit leaves all of these, after `FROM debian`, as they are. */
export function assertUntouched(edit: Edit, rows: readonly string[], world: EditWorld = {}): void {
  assertTruth(
    edit,
    rows.map((row) => [row, row] as const),
    world,
  );
}
