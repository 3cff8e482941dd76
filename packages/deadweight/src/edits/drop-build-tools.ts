import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { pythonPackages } from "../facts/python-packages.ts";
import { runtimeNeeds } from "../facts/runtime-needs.ts";
import { someOf } from "../lib/some-of.ts";
import type { Replacement } from "../model/dockerfile.ts";
import { appended, sudoOf } from "./evidence/appended.ts";
import { isBuildTool } from "./evidence/build-tool-names.ts";
import { estimatedToolSaving } from "./evidence/build-tool-sizes.ts";
import { compileSignals } from "./evidence/compile-signals.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { stepsFrom } from "./evidence/later-compiler.ts";
import { packageSaving } from "./evidence/package-saving.ts";
import { packageWords, withoutWord, type PackageWord } from "./evidence/package-words.ts";
import { pythonRequirements } from "./evidence/python-requirements.ts";
import { runtimeCompiler } from "./evidence/runtime-compilers.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "drop-build-tools";

/** Compilers that the shipped image does not need. */
export const dropBuildTools: Edit = defineEdit({
  name,
  title: "Compilers and build tools left out, or purged in the RUN that used them",
  safety: "verified",
  order: 46,
  meaning:
    "build-essential is 323 MB without recommended packages, g++ 267, cmake 96, Python's headers 94. Where nothing compiles they are not needed at all, as pip " +
    "installs wheels; where only the same RUN compiles they can go at its end, before they get into a layer.",
  risk:
    "A package without a wheel needs the compiler: then the build fails, and the edit is dropped. deepspeed, vLLM, FlashInfer and others compile when they run: while " +
    "they are installed nothing is proposed. Where PyTorch or Triton is, gcc, libc6-dev and Python's headers stay, which Triton calls; torch.compile for CPUs needs g++ besides. `--auto-remove` takes libraries that only the compiler " +
    "brought; the check elf-closure tells whether one is missed. Where a later RUN compiles nothing is changed: build in a stage of its own.",
  checks: ["elf-closure", "package-databases", "python-imports", "health"],
  example: {
    before:
      "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential libsndfile1 && rm -rf /var/lib/apt/lists/*\n" +
      "RUN pip install --no-cache-dir numpy\n",
    after:
      "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y --no-install-recommends libsndfile1 && rm -rf /var/lib/apt/lists/*\n" +
      "RUN pip install --no-cache-dir numpy\n",
  },
  propose: (context) => gathered(shippedSteps(context).map((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: ScriptStep): Finding {
  const found = packageWords(step).filter((one) => isBuildTool(one.name) && !isPurged(step, one.name));
  if (found.length === 0) return undefined;
  const { instruction } = step;
  const names = someOf(found.map((one) => one.name));
  const needs = whyAtRunTime(context);
  if (needs !== undefined) return { instruction, message: `${names} stay: ${needs}` };
  const [, ...later] = stepsFrom(context, step);
  const after = compileSignals(context, later)[0]?.what;
  if (after !== undefined)
    return { instruction, message: `${names} stay: ${after}; build in a stage of its own and copy the result` };
  const { going, kept, added } = callsLauncher(context) ? withLauncher(step, found) : { going: found, kept: [], added: [] };
  if (going.length === 0) return { instruction, message: `${names} stay: ${launcher}` };
  const saving = savingFor(context, step, going, [...kept, ...added]);
  if (saving === undefined) return undefined;
  const finding =
    compileSignals(context, [step]).length === 0
      ? leftOut(context, step, going, added, saving)
      : purged(context, step, going, added, saving);
  if (finding === undefined || !("replacements" in finding) || kept.length + added.length === 0) return finding;
  return { ...finding, reason: `${finding.reason}; ${someOf([...kept, ...added])} stay: ${launcher}` };
}

const launcher = "Triton, by which torch.compile works, compiles with gcc, libc's headers and Python.h when the image runs";

/** Whether PyTorch or Triton is installed: by the Dockerfile's words, or in the image. */
function callsLauncher(context: EditContext): boolean {
  const { names } = pythonRequirements(context, shippedSteps(context));
  const installed = context.built?.facts.get(pythonPackages).keys() ?? [];
  return [...names, ...installed].some((one) => /^(?:torch|pytorch|(?:pytorch-)?triton)$/.test(one));
}

interface Split {
  readonly going: readonly PackageWord[];
  /** Names that are in the list already, and that are put there in the place of what brought them. */
  readonly kept: readonly string[];
  readonly added: readonly string[];
}

function withLauncher(step: ScriptStep, found: readonly PackageWord[]): Split {
  const compiler = /^(?:gcc|g\+\+|clang)(?:-\d+)?$/;
  const stays = ({ name: one }: PackageWord): boolean => compiler.test(one) || /^libc6-dev$|^python.*-dev|^python-dev-/.test(one);
  const going = found.filter((one) => !stays(one));
  const kept = found.filter(stays).map((one) => one.name);
  const needed = kept.some((one) => compiler.test(one)) ? ["libc6-dev"] : ["gcc", "libc6-dev"];
  const listed = new Set(packageWords(step).map((one) => one.name));
  return { going, kept, added: going.some(bringsCompiler) ? needed.filter((one) => !listed.has(one)) : [] };
}

function bringsCompiler({ name: one }: PackageWord): boolean {
  return /^(?:build-essential|gfortran|libtool|rustc|cargo)$/.test(one);
}

function isPurged({ uses }: ScriptStep, tool: string): boolean {
  return uses.some(
    ({ tool: program, verb, operands }) =>
      program === "apt" &&
      /^(?:purge|remove|autoremove)$/.test(verb) &&
      operands.some(({ value, text }) => value === tool || text.includes("$")),
  );
}

function leftOut(
  context: EditContext,
  { instruction }: ScriptStep,
  found: readonly PackageWord[],
  added: readonly string[],
  saving: ProposedSaving,
): Finding {
  const place = added.length === 0 ? undefined : found.find(bringsCompiler);
  return {
    instruction,
    message: `${someOf(found.map((one) => one.name))}: nothing in the Dockerfile compiles`,
    reason: "pip installs wheels; the build shows whether a package has none",
    replacements: found.map((one) =>
      one === place ? { start: one.word.start, end: one.word.end, text: added.join(" ") } : withoutWord(context.dockerfile, one),
    ),
    saving,
  };
}

/** Where this RUN alone compiles. */
function purged(
  context: EditContext,
  step: ScriptStep,
  found: readonly PackageWord[],
  added: readonly string[],
  saving: ProposedSaving,
): Finding {
  const names = [...new Set(found.map((one) => one.name))];
  const last = step.uses.findLast(({ tool }) => tool === "apt")?.command;
  const insertion = appended(context, step, `${sudoOf(last)}apt-get purge -y --auto-remove ${names.join(" ")}`);
  const { instruction } = step;
  if ("refused" in insertion) return { instruction, message: `${someOf(names)} stay: ${insertion.refused}` };
  return {
    instruction,
    message: `${someOf(names)} stay in the image when this RUN has compiled`,
    reason: "no later RUN compiles, and what apt brought for them alone goes with them",
    replacements: [...namedToStay(found, added), insertion.replacement],
    saving,
  };
}

/** What apt is told by name it does not take with the rest. */
function namedToStay(found: readonly PackageWord[], added: readonly string[]): readonly Replacement[] {
  const end = found.find(bringsCompiler)?.word.end;
  return end === undefined || added.length === 0 ? [] : [{ start: end, end, text: ` ${added.join(" ")}` }];
}

/** What compiles when the image runs. */
function whyAtRunTime(context: EditContext): string | undefined {
  const { names } = pythonRequirements(context, shippedSteps(context));
  const named = [...names].filter((one) => /^(?:gcc|nvcc)$/.test(runtimeCompiler(one) ?? ""));
  if (named.length > 0) return `${someOf(named)} may compile when it runs`;
  const needs = context.built?.facts.get(runtimeNeeds);
  const reasons =
    needs?.has("c-compiler") === true ? needs.reasons("c-compiler").filter((reason) => !/\b(?:torch|triton)\b/.test(reason)) : [];
  return reasons.length > 0 ? someOf(reasons) : undefined;
}

function savingFor(
  context: EditContext,
  step: ScriptStep,
  found: readonly PackageWord[],
  kept: readonly string[],
): ProposedSaving | undefined {
  const measured = packageSaving(context, step.instruction, new Set(found.map((one) => one.name)), new Set(kept));
  if (measured !== undefined) return measured.claims.length > 0 || context.isAsked(name) ? measured : undefined;
  return estimatedToolSaving(found.map((one) => one.name));
}
