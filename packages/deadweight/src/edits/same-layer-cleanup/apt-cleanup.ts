import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import type { CommandUse } from "../../dockerfile/command-use.ts";
import { stageChain } from "../../dockerfile/expand-variables.ts";
import { isMounted, isRoot, runSteps, type RunStep } from "../../dockerfile/run-steps.ts";
import { fileTree } from "../../facts/file-tree.ts";
import type { Instruction, Replacement } from "../../model/dockerfile.ts";
import { appended, sudoOf } from "../evidence/appended.ts";
import type { Finding } from "../evidence/gathered.ts";
import { layerClaims, savingOf } from "../evidence/saving.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";

const estimate: ProposedSaving = {
  bytes: 19_900_000,
  source: "lists of Debian bookworm with updates and security, as measured in its official image",
};

/** Lists of apt, and archives where the image shows that apt keeps them. */
export function aptCleanup(context: EditContext, step: ScriptStep): Finding {
  const update = step.uses.find(isUpdate);
  if (cleansLists(step)) return archivesLeft(context, step);
  if (update === undefined || isMounted(step, "/var/lib/apt")) return undefined;
  const { instruction } = step;
  if (!isRoot(step) && sudoOf(update.command) === "")
    return { instruction, message: `the lists stay: the RUN is run by ${step.user}` };
  const pair = loneUpdate(context, step);
  const place = pair?.next ?? step;
  const made = [...new Set([instruction, place.instruction])];
  const archives = isMounted(place, "/var/cache/apt") ? [] : made.flatMap((one) => layerClaims(context, one, ["apt-archives"]));
  const lists = savingOf(context, "same-layer-cleanup", instruction, ["apt-lists"], estimate);
  const hidden = hiddenClaims(context, instruction, pair?.next.instruction);
  const saving = withClaims(lists, [...hidden, ...(cleansLists(place) ? [] : archives)]);
  if (saving === undefined) return undefined;
  const later = laterInstall(context, place.instruction);
  if (later !== undefined) return { instruction, message: `the lists stay: line ${later.line} installs without fetching them` };
  const sudo = sudoOf(update.command);
  const command = `${archives.length > 0 ? `${sudo}apt-get clean && ` : ""}${sudo}rm -rf /var/lib/apt/lists/*`;
  const insertion = cleansLists(place)
    ? undefined
    : appended(context, place, command, place.uses.findLast(({ tool }) => tool === "apt")?.command);
  if (insertion !== undefined && "refused" in insertion) return { instruction, message: `the lists stay: ${insertion.refused}` };
  return {
    instruction,
    message: pair ? "apt's lists stay in a layer of their own" : "apt's lists stay in the layer",
    reason: "the lists serve installing alone, and nothing after this installs without fetching them",
    replacements: [...(pair?.replacements ?? []), ...(insertion ? [insertion.replacement] : [])],
    saving,
  };
}

/** Archives that stay where the lists are removed: images without Debian's docker-clean keep them. */
function archivesLeft(context: EditContext, step: ScriptStep): Finding {
  const last = step.uses.findLast(isInstall)?.command;
  const isClean = isMounted(step, "/var/cache/apt") || cleansArchives(step);
  const claims = isClean ? [] : layerClaims(context, step.instruction, ["apt-archives"]);
  if (last === undefined || claims.length === 0 || (!isRoot(step) && sudoOf(last) === "")) return undefined;
  const { instruction } = step;
  const insertion = appended(context, step, `${sudoOf(last)}apt-get clean`, last);
  if ("refused" in insertion) return { instruction, message: `apt's archives stay: ${insertion.refused}` };
  return {
    instruction,
    message: "apt's archives stay in the layer",
    reason: "an archive is unpacked when it is installed, and nothing reads it again",
    replacements: [insertion.replacement],
    saving: { claims },
  };
}

/** Lists that a later instruction removes, and what `joined` writes again: it is there once when both are one. */
function hiddenClaims(context: EditContext, from: Instruction, joined: Instruction | undefined): readonly EntryClaim[] {
  const { built } = context;
  if (built === undefined) return [];
  const tree = built.facts.get(fileTree);
  const layers = new Set(joined === undefined ? [] : built.layersOf(joined));
  return layerClaims(context, from, ["shadowed-files"]).filter(
    ({ entry }) => layers.has(tree.hiddenBy(entry)) || tree.path(entry).startsWith("var/lib/apt/lists/"),
  );
}

/** What both save; an estimate stands where the image says nothing. */
function withClaims(saving: ProposedSaving | undefined, more: readonly EntryClaim[]): ProposedSaving | undefined {
  if (saving === undefined) return more.length === 0 ? undefined : { claims: more };
  return "claims" in saving ? { claims: [...saving.claims, ...more] } : saving;
}

/** `rm -rf /var/lib/apt/lists/*` or `apt-get dist-clean`. */
function cleansLists({ uses }: RunStep): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      (tool === "apt" && /^dist-?clean$/.test(verb)) ||
      (tool === "rm" && operands.some(({ text }) => /^["']?\/var\/lib\/apt(?:\/lists(?:\/\*?)?|\/\*?)?["']?$/.test(text))),
  );
}

/** `apt-get clean`, or `rm -rf /var/cache/apt/*`. */
function cleansArchives({ uses }: RunStep): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      (tool === "apt" && /^(?:dist-?)?clean$/.test(verb)) ||
      (tool === "rm" && operands.some(({ text }) => /^["']?\/var\/cache\/apt(?:\/archives)?(?:\/\*?)?["']?$/.test(text))),
  );
}

interface Pair {
  readonly next: ScriptStep;
  readonly replacements: readonly Replacement[];
}

/** A RUN that only fetches, and the next instruction installs: they become one. */
function loneUpdate({ dockerfile, variablesAt }: EditContext, step: ScriptStep): Pair | undefined {
  const { stage, instruction, script } = step;
  if (script.commands.length !== 1 || script.isHeredoc || instruction.flags.length > 0) return undefined;
  const following = stage.instructions[stage.instructions.indexOf(instruction) + 1];
  const next = runSteps(dockerfile, [stage], variablesAt).find((one) => one.instruction === following);
  if (next?.script === undefined || next.script.isHeredoc || next.instruction.flags.length > 0) return undefined;
  const joins = next.script.statements.length === 1 && next.script.statements[0]?.operators.includes("||") === false;
  if (!joins || !next.uses.some(isInstall) || next.uses.some(isUpdate)) return undefined;
  const text = dockerfile.text.slice(instruction.rest.start, script.commands[0]?.end ?? instruction.rest.end);
  const at = next.script.statements[0]?.start ?? next.instruction.rest.start;
  return {
    next: { ...next, script: next.script },
    replacements: [
      { start: instruction.start, end: lineAfter(dockerfile.text, instruction.end), text: "" },
      { start: at, end: at, text: `${text} && ` },
    ],
  };
}

function lineAfter(text: string, end: number): number {
  const feed = text.indexOf("\n", end);
  return feed < 0 ? text.length : feed + 1;
}

/** The next RUN, in this stage or one built on it, that installs with lists that an earlier RUN left. */
function laterInstall({ dockerfile, variablesAt }: EditContext, from: Instruction): Instruction | undefined {
  const stage = dockerfile.stages.find(({ instructions }) => instructions.includes(from));
  if (stage === undefined) return undefined;
  const built = dockerfile.stages.filter((one) => stageChain(dockerfile, one).includes(stage));
  const later = runSteps(dockerfile, built, variablesAt).filter(({ instruction }) => instruction.start > from.start);
  return later.find(({ uses }) => uses.find((use) => isInstall(use) || isUpdate(use))?.verb === "install")?.instruction;
}

function isUpdate({ tool, verb }: CommandUse): boolean {
  return tool === "apt" && verb === "update";
}

/** Installing files alone needs no lists, but their dependencies may. */
function isInstall({ tool, verb }: CommandUse): boolean {
  return tool === "apt" && verb === "install";
}
