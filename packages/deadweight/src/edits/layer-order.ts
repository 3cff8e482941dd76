import { defineEdit, type Edit, type EditContext, type Proposal } from "../contracts/edit.ts";
import { joinedText } from "../dockerfile/joined-text.ts";
import type { RunStep } from "../dockerfile/run-steps.ts";
import type { Instruction } from "../model/dockerfile.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { isPythonInstall, pythonInstalls } from "./evidence/python-installs.ts";

/** What changes rarely, first. */
export const layerOrder: Edit = defineEdit({
  name: "layer-order",
  title: "what changes rarely, first: packages before code",
  safety: "opt-in",
  order: 90,
  meaning:
    "A layer is built, pushed and pulled anew when something before it changes. Where all of the code is copied before packages are " +
    "installed, each change of the code installs them again. The image is as large either way: this is advice, and changes nothing.",
  risk:
    "Moving instructions changes what they see: of reordered Dockerfiles one in seven behaved differently (Doctor, arXiv 2504.01742). " +
    "So it is left to whoever knows what the commands need.",
  checks: ["package-databases", "file-tree"],
  example: {
    before: "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n",
    after: "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n",
  },
  propose: (context) => ({ proposals: adviceFor(context), notes: [] }),
});

function adviceFor(context: EditContext): readonly Proposal[] {
  const copy = context.shipped.flatMap(({ instructions }) => instructions).find((one) => copiesAll(context, one));
  if (copy === undefined) return [];
  const step = shippedSteps(context).find((one) => one.instruction.start > copy.start && installsPackages(context, one));
  if (step === undefined) return [];
  const lists = step.uses.flatMap(({ options }) => options.filter(({ name }) => /^(?:-r|--requirements?)$/.test(name)));
  const needed = lists.flatMap(({ value }) => value ?? []).join(" and ");
  return [
    {
      instruction: copy,
      message: `all of the code is copied before line ${step.instruction.line} installs packages: each change of it installs them again`,
      reason: `${needed === "" ? "copy it" : `copy ${needed} alone first, and the rest`} after the packages are installed`,
      replacements: [],
      saving: { bytes: 0, source: "none in the image: builds, pushes and pulls are shorter" },
    },
  ];
}

/** `COPY . /app` of the build context. */
function copiesAll({ dockerfile }: EditContext, { keyword, flags, rest }: Instruction): boolean {
  if (!/^(?:COPY|ADD)$/.test(keyword) || flags.some(({ name }) => name === "from")) return false;
  const joined = joinedText(dockerfile.text, dockerfile.escape, rest);
  const words = joined.words().map(({ start, end }) => joined.text.slice(start, end).replace(/^\[?"?|"?,?\]?$/g, ""));
  return words.slice(0, -1).some((word) => /^\.?\/?$/.test(word));
}

/** Installs that take nothing of the code but lists of packages. */
function installsPackages(context: EditContext, step: RunStep): boolean {
  const installs = step.uses.filter(
    (use) =>
      isPythonInstall(use) ||
      (use.tool === "apt" && use.verb === "install") ||
      (use.tool === "npm" && /^(?:ci|install|i)$/.test(use.verb)) ||
      (use.tool === "conda" && /install|create|update/.test(use.verb)),
  );
  const ofCode = pythonInstalls(context, [step]).some(({ requirements }) => requirements.some(({ name }) => name === ""));
  return installs.length > 0 && !ofCode;
}
