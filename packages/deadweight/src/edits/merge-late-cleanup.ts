import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { isMounted, type RunStep } from "../dockerfile/run-steps.ts";
import { appendToScript } from "../dockerfile/script-insertions.ts";
import { fileTree } from "../facts/file-tree.ts";
import type { Instruction, Replacement, Stage } from "../model/dockerfile.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";
import { wholeLines } from "./evidence/whole-lines.ts";
import { cleanupOf, type CleanupKind } from "./merge-late-cleanup/cleanup-kind.ts";

const name = "merge-late-cleanup";

/** Cleanups moved to where they free something. */
export const mergeLateCleanup: Edit = defineEdit({
  name,
  title: "A cleanup in its own RUN moved into the RUN that made the mess",
  safety: "verified",
  order: 10,
  meaning:
    "A RUN that only removes frees nothing: each layer is stored as it was, and the later one only hides files. `find … __pycache__`, " +
    "`rm -rf`, `apt-get purge` and `conda clean` must be part of the RUN that brought the files.",
  risk:
    "The order of commands changes. Byte code, package lists and caches, which come back when they are wanted, are removed in each RUN that can " +
    "have brought them; all else moves only into a RUN that names it, when nothing but labels and the like stands between. Another USER, " +
    "SHELL or mount in between forbids it, and so do variables set in between. What a COPY or the base image brought can't be freed so: it is said.",
  checks: ["file-tree", "package-databases", "elf-closure", "python-imports", "start"],
  example: {
    before:
      "FROM python:3.11-slim\nRUN pip install --no-cache-dir numpy\n" +
      "RUN find /usr/local/lib/python3.11 -type d -name __pycache__ -exec rm -rf {} +\nCOPY . /app\n",
    after:
      "FROM python:3.11-slim\nRUN pip install --no-cache-dir numpy && " +
      "find /usr/local/lib/python3.11 -type d -name __pycache__ -exec rm -rf {} +\nCOPY . /app\n",
  },
  propose: (context) => {
    const steps = shippedSteps(context);
    return gathered(steps.map((step) => findingFor(context, step, steps)));
  },
});

function findingFor(context: EditContext, step: ScriptStep, steps: readonly ScriptStep[]): Finding {
  const kinds = cleanupOf(step.script);
  const { instruction } = step;
  if (kinds === undefined || kinds.length === 0 || step.script.isHeredoc) return undefined;
  const targets = targetsOf(context, step, steps, kinds);
  if (targets.length === 0)
    return {
      instruction,
      message: "a cleanup in a RUN of its own frees nothing, and no RUN above it is known to have brought what it removes",
    };
  const refused = targets.map((target) => refusal(context, step, target, kinds)).find((why) => why !== undefined);
  if (refused !== undefined)
    return { instruction, message: `a cleanup in a RUN of its own frees nothing, but it stays: ${refused}` };
  const command = commandText(context, step);
  if (command === undefined)
    return { instruction, message: "a cleanup in a RUN of its own frees nothing, but it stays: comments stand within it" };
  const insertions = targets.map((target) => appendToScript(context.dockerfile, target.script, command));
  const replacements = insertions.flatMap((one) => ("refused" in one ? [] : [one.replacement]));
  const [why] = insertions.flatMap((one) => ("refused" in one ? [one.refused] : []));
  if (why !== undefined) return { instruction, message: `a cleanup in a RUN of its own frees nothing, but it stays: ${why}` };
  const saving = savingFor(context, step, targets);
  if (saving === undefined) return undefined;
  const removal: Replacement = { ...wholeLines(context.dockerfile.text, instruction), text: "" };
  return {
    instruction,
    message: `a cleanup in a RUN of its own frees nothing: the bytes are in the layers of ${linesOf(targets)}`,
    reason: "the same commands run where the files are made, so that they never get into a layer",
    replacements: [...replacements, removal],
    saving,
  };
}

function linesOf(targets: readonly RunStep[]): string {
  const lines = targets.map(({ instruction }) => instruction.line);
  return `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}`;
}

/** The RUNs that brought what is removed: all for what comes back by itself, else the nearest. */
function targetsOf(
  context: EditContext,
  step: ScriptStep,
  steps: readonly ScriptStep[],
  kinds: readonly CleanupKind[],
): readonly ScriptStep[] {
  const above = steps.filter((one) => one.stage === step.stage && one.instruction.start < step.instruction.start);
  const related = above.filter((one) => kinds.some(({ isFrom }) => isFrom(one)) && cleanupOf(one.script) === undefined);
  const measured = measuredTargets(context, step, related);
  if (kinds.every(({ isRegenerable }) => isRegenerable)) return measured ?? related;
  const nearest = related.at(-1);
  return nearest !== undefined && kinds.every(({ isFrom }) => isFrom(nearest)) ? [nearest] : [];
}

/** Those of which the image shows that their layers hold what this step's layer hides. */
function measuredTargets(
  context: EditContext,
  step: ScriptStep,
  related: readonly ScriptStep[],
): readonly ScriptStep[] | undefined {
  const { built } = context;
  if (built === undefined || built.layersOf(step.instruction).length === 0) return undefined;
  return related.filter((target) => hiddenEntries(context, step.instruction, target.instruction).length > 0);
}

function hiddenEntries({ built }: EditContext, by: Instruction, from: Instruction): readonly number[] {
  if (built === undefined) return [];
  const tree = built.facts.get(fileTree);
  const [above, below] = [new Set(built.layersOf(by)), new Set(built.layersOf(from))];
  const claims = built.findings("late-cleanup").flatMap((finding) => finding.claims.map(({ entry }) => entry));
  return [...new Set(claims)].filter((entry) => below.has(tree.layerOf(entry)) && above.has(tree.hiddenBy(entry)));
}

function savingFor(context: EditContext, step: ScriptStep, targets: readonly ScriptStep[]): ProposedSaving | undefined {
  if (context.built === undefined || context.built.layersOf(step.instruction).length === 0) return unknownSaving;
  const entries = targets.flatMap((target) => hiddenEntries(context, step.instruction, target.instruction));
  return entries.length > 0 || context.isAsked(name) ? { claims: entries.map((entry) => ({ entry })) } : undefined;
}

const neutral = /^(?:LABEL|EXPOSE|CMD|ENTRYPOINT|HEALTHCHECK|STOPSIGNAL|MAINTAINER)$/;

/** Why it can't move into a step above it. */
function refusal(
  { dockerfile }: EditContext,
  step: ScriptStep,
  target: ScriptStep,
  kinds: readonly CleanupKind[],
): string | undefined {
  if (step.instruction.flags.length > 0) return "the RUN has flags";
  if (step.user !== target.user) return `another user runs line ${target.instruction.line}`;
  if (step.shell.join(" ") !== target.shell.join(" ")) return `another shell runs line ${target.instruction.line}`;
  const words = step.script.commands.flatMap((command) => command.words);
  const isCovered = words.some(({ text }) => /^["']?\//.test(text) && isMounted(target, text.replace(/["'*]/g, "")));
  if (isCovered) return `line ${target.instruction.line} has a mount where it removes`;
  const between = instructionsBetween(step.stage, target.instruction, step.instruction);
  const text = dockerfile.text.slice(step.instruction.rest.start, step.instruction.rest.end);
  const sets = between.some(({ keyword }) => keyword === "ENV" || keyword === "ARG");
  if (sets && text.includes("$")) return "variables are set in between";
  const isRelative = step.script.commands.some((command) =>
    command.words.slice(1).some(({ text: word }) => isRelativePath(word)),
  );
  if (isRelative && between.some(({ keyword }) => keyword === "WORKDIR")) return "the folder changes in between";
  if (kinds.every(({ isRegenerable }) => isRegenerable)) return needsLists(step, between, text);
  const other = between.find(({ keyword }) => !neutral.test(keyword) && !/^(?:ENV|ARG|WORKDIR)$/.test(keyword));
  return other && `${other.keyword} in line ${other.line} stands in between and may need it`;
}

function isRelativePath(text: string): boolean {
  return /^["']?\.{0,2}\/?[\w*]/.test(text) && !/^["']?[/~$-]/.test(text) && /[/.*]/.test(text);
}

/** Lists removed earlier must not be missed by an install in between. */
function needsLists({ stage }: ScriptStep, between: readonly Instruction[], text: string): string | undefined {
  if (!/\/var\/lib\/apt|dist-?clean/.test(text)) return undefined;
  const other = between.find((one) => one.keyword === "RUN" && stage.instructions.includes(one));
  return other && `RUN in line ${other.line} stands in between and may install`;
}

function instructionsBetween({ instructions }: Stage, from: Instruction, to: Instruction): readonly Instruction[] {
  return instructions.filter(({ start }) => start > from.start && start < to.start);
}

/** The script as written, in braces where it is more than a chain. */
function commandText({ dockerfile }: EditContext, { instruction, script }: ScriptStep): string | undefined {
  const [first] = script.statements;
  const last = script.statements.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const text = dockerfile.text.slice(first.start, last.end);
  if (
    /^\s*#/m.test(dockerfile.text.slice(instruction.start, instruction.end)) ||
    (dockerfile.escape === "`" && text.includes("\n"))
  )
    return undefined;
  const isChain = script.statements.length === 1 && !first.operators.includes("||");
  return isChain ? text : `{ ${text}; }`;
}
