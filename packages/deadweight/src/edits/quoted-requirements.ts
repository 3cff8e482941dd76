import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import type { CommandUse } from "../dockerfile/command-use.ts";
import type { RunStep } from "../dockerfile/run-steps.ts";
import type { ShellRedirect } from "../dockerfile/shell-script.ts";
import { fileTree } from "../facts/file-tree.ts";
import { countOf } from "../lib/count-of.ts";
import type { Dockerfile, Replacement, SourceRange } from "../model/dockerfile.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";

/** Requirements whose `>` or `<` the shell takes for a redirection. */
export const quotedRequirements: Edit = defineEdit({
  name: "quoted-requirements",
  title: "Quotes around requirements such as torch>=2.1",
  safety: "verified",
  order: 5,
  meaning:
    "`pip install fastapi>=0.115.0` without quotes is a redirection of the shell: pip is told to install `fastapi`, whatever its " +
    "version, and what it prints goes into a file named `=0.115.0`. The bytes are few; the pinned version is lost.",
  risk:
    "Quoted, the requirement takes effect for the first time, so another version may be installed, or none when no release fulfils it. " +
    "The build shows that. Redirections to files with a path or after a space are left alone.",
  checks: ["package-databases", "python-imports"],
  example: {
    before: 'FROM python:3.11-slim\nRUN pip install --no-cache-dir fastapi>=0.115.0 "uvicorn[standard]">=0.30.0 numpy<2\n',
    after: 'FROM python:3.11-slim\nRUN pip install --no-cache-dir "fastapi>=0.115.0" "uvicorn[standard]>=0.30.0" "numpy<2"\n',
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: RunStep): Finding[] {
  const found = step.uses.filter(installs).flatMap((use) => lostRequirements(context.dockerfile, use));
  if (found.length === 0) return [];
  const names = found.map(({ lost }) => lost).join(", ");
  return [
    {
      instruction: step.instruction,
      message: `${countOf(found.length, "requirement")} without quotes: the shell writes files and the versions are lost: ${names}`,
      reason: "quoted, the words reach the installer as they were meant",
      replacements: found.map(({ replacement }) => replacement),
      saving: savingOfFiles(
        context,
        step,
        found.map(({ file }) => file),
      ),
    },
  ];
}

function installs({ tool, verb, command }: CommandUse): boolean {
  if (command.quote !== undefined) return false;
  return /^(?:pip|uv|conda)$/.test(tool) && /^(?:install|download|wheel|pip install|add|create|tool install)$/.test(verb);
}

interface LostRequirement {
  readonly replacement: Replacement;
  readonly lost: string;
  /** What the shell calls the file that it writes. */
  readonly file: string;
}

/** Words that run on into redirections: `torch` `>=2.1,` `<3`. */
function lostRequirements({ text }: Dockerfile, { command, operands }: CommandUse): LostRequirement[] {
  return operands.flatMap((word) => {
    const run: ShellRedirect[] = [];
    for (const redirect of command.redirects.toSorted((one, other) => one.start - other.start)) {
      if (redirect.start === (run.at(-1)?.end ?? word.end) && isComparison(text, redirect)) run.push(redirect);
    }
    const last = run.at(-1);
    const [first] = run;
    if (!last || !first) return [];
    const written = text.slice(word.start, last.end);
    const lost = written.replaceAll(/["']/g, "");
    if (/[\\`\n]/.test(lost)) return [];
    const file = first.target?.value ?? "";
    return [
      { replacement: { start: word.start, end: last.end, text: `"${lost}"` }, lost, file: first.operator === ">" ? file : "" },
    ];
  });
}

/** `>=2.1`, `>2`, `<3`, where a version comes at once. */
function isComparison(text: string, redirect: ShellRedirect & SourceRange): boolean {
  return redirect.descriptor === undefined && /^[<>]=?["']?[\d$]/.test(text.slice(redirect.start, redirect.end));
}

function savingOfFiles({ built }: EditContext, step: RunStep, files: readonly string[]): ProposedSaving {
  if (built === undefined)
    return { bytes: 0, source: "a file or two of what the installer prints; the versions are what matters" };
  const tree = built.facts.get(fileTree);
  const layers = new Set(built.layersOf(step.instruction));
  const nodes = files.filter((file) => file !== "").flatMap((file) => [...tree.glob(`**/${file}`)]);
  const entries = nodes.map((node) => tree.visible(node)).filter((entry) => entry >= 0 && layers.has(tree.layerOf(entry)));
  return { claims: [...new Set(entries)].map((entry) => ({ entry })) };
}
