import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption } from "../dockerfile/command-use.ts";
import { runSteps, type RunStep } from "../dockerfile/run-steps.ts";
import type { Instruction, Stage } from "../model/dockerfile.ts";
import { compilesBy } from "./evidence/compiles.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { packageClaims } from "./evidence/package-claims.ts";
import { packageWords } from "./evidence/package-words.ts";
import { isBuildTool } from "./evidence/build-tool-names.ts";
import { finalPackages } from "./multi-stage/final-packages.ts";

const name = "multi-stage";

/** Python packages built in one stage and shipped in another. */
export const multiStage: Edit = defineEdit({
  name,
  title: "Python packages compiled in a stage of their own, and copied as a virtual environment",
  safety: "verified",
  order: 70,
  meaning:
    "A compiler that one RUN installs and a later one needs can't be removed from the image: its layer stays. In a stage of its own the packages are built into a virtual " +
    "environment, and the shipped stage, on the same base, gets that alone, with the libraries that programs open in place of their -dev packages.",
  risk:
    "Only Dockerfiles of one stage on an official python image are changed, whose instructions up to the last pip install do nothing but set variables, copy, and install with apt and pip. A " +
    "-dev package of which the library's package is not known forbids it, and so do paths to /usr/local/bin in CMD, --user, --target and editable installs. Programs that name " +
    "/usr/local/lib/pythonX/site-packages find their packages in /opt/venv instead. The environment has a pip of its own, about 10 MB.",
  checks: ["elf-closure", "python-imports", "python-modules", "start", "health"],
  example: {
    before:
      "FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*\n" +
      'RUN pip install --no-cache-dir psycopg2==2.9.9\nCOPY . .\nCMD ["python", "main.py"]\n',
    after:
      "FROM python:3.11-slim AS build\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*\n" +
      'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nRUN pip install --no-cache-dir psycopg2==2.9.9\n\n' +
      "FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n" +
      'ENV PATH="/opt/venv/bin:$PATH"\nCOPY --from=build /opt/venv /opt/venv\nCOPY . .\nCMD ["python", "main.py"]\n',
  },
  propose: (context) => gathered([findingFor(context)]),
});

interface Split {
  readonly stage: Stage;
  readonly steps: readonly RunStep[];
  readonly first: Instruction;
  readonly last: Instruction;
  /** Up to the last pip install. */
  readonly building: readonly Instruction[];
  readonly shipping: readonly Instruction[];
}

function findingFor(context: EditContext): Finding {
  const split = splitOf(context);
  if (split === undefined) return undefined;
  const { steps, last } = split;
  const building = steps.filter(({ instruction }) => split.building.includes(instruction));
  const tools = building.flatMap((step) =>
    packageWords(step)
      .filter((one) => isBuildTool(one.name))
      .map((one) => ({ step, one })),
  );
  const [first] = tools;
  const compiler = building.find((step) => compilesBy(step) !== undefined && step.instruction !== first?.step.instruction);
  if (first === undefined || compiler === undefined) return undefined;
  const { instruction } = first.step;
  const packages = finalPackages(building);
  const why =
    whyNot(context, split, building) ?? ("unknown" in packages ? `the library of ${packages.unknown} is not known` : undefined);
  if (why !== undefined || "unknown" in packages)
    return { instruction, message: `build tools stay in the image, and are not moved to a stage of their own: ${why ?? ""}` };
  const saving = savingFor(
    context,
    instruction,
    tools.map(({ one }) => one.name),
  );
  if (saving === undefined) return undefined;
  return {
    instruction,
    message: `build tools stay in the image, since line ${compiler.instruction.line} compiles with them in another layer`,
    reason: "the shipped stage has the same base and gets the virtual environment whole, at the same path",
    replacements: [
      { start: split.stage.from.end, end: split.stage.from.end, text: " AS build" },
      ...environmentBefore(context, split.first),
      { start: last.end, end: last.end, text: shippedStage(context, split, packages.names) },
    ],
    saving,
  };
}

function splitOf({ dockerfile, variablesAt }: EditContext): Split | undefined {
  const [stage] = dockerfile.stages;
  if (stage === undefined || dockerfile.stages.length > 1 || stage.name !== undefined || stage.from.flags.length > 0)
    return undefined;
  if (!/^(?:docker\.io\/)?(?:library\/)?python:[\w.-]+$/.test(stage.base.text) || stage.base.text.includes("alpine"))
    return undefined;
  const steps = runSteps(dockerfile, [stage], variablesAt);
  const pips = steps.filter(({ uses }) => uses.some(({ tool, verb }) => tool === "pip" && verb === "install"));
  const [first, last] = [pips[0]?.instruction, pips.at(-1)?.instruction];
  if (first === undefined || last === undefined) return undefined;
  const at = stage.instructions.indexOf(last) + 1;
  return { stage, steps, first, last, building: stage.instructions.slice(0, at), shipping: stage.instructions.slice(at) };
}

function whyNot(
  { dockerfile }: EditContext,
  { building, shipping, steps }: Split,
  buildSteps: readonly RunStep[],
): string | undefined {
  const strange = building.find(({ keyword }) => !/^(?:ENV|ARG|WORKDIR|LABEL|COPY|ADD|RUN|EXPOSE)$/.test(keyword));
  if (strange !== undefined) return `${strange.keyword} in line ${strange.line} stands before the last pip install`;
  const other = buildSteps.find((step) => !isPlainInstall(step));
  if (other !== undefined) return `line ${other.instruction.line} does more than install`;
  const later = steps
    .filter(({ instruction }) => shipping.includes(instruction))
    .map(compilesBy)
    .find((why) => why !== undefined);
  if (later !== undefined) return later;
  const path = shipping.find(({ start, end }) => /\/usr\/local\/(?:bin|lib\/python)/.test(dockerfile.text.slice(start, end)));
  return path && `line ${path.line} names a path of the system's Python`;
}

/** Nothing but apt's and pip's installing and cleaning. */
function isPlainInstall({ script, uses, instruction }: RunStep): boolean {
  if (script === undefined || instruction.heredocs.length > 0 || script.commands.length !== uses.length) return false;
  return uses.every((use) => {
    if (use.command.nesting !== undefined) return false;
    if (use.tool === "apt") return /^(?:update|install|clean|dist-?clean)$/.test(use.verb);
    if (use.tool === "rm") return use.operands.every(({ text }) => /^(?:\/var\/|~?\/?(?:root\/)?\.cache)/.test(text));
    if (use.tool !== "pip" || (use.command.words[0]?.value ?? "").includes("/")) return false;
    return (
      /^(?:install|cache)$/.test(use.verb) &&
      !hasOption(use, "--user", "--target", "-t", "--prefix", "--root", "-e", "--editable", "--break-system-packages")
    );
  });
}

function environmentBefore(
  { dockerfile }: EditContext,
  first: Instruction,
): readonly { start: number; end: number; text: string }[] {
  const text = lines(dockerfile.lineEnding, ["RUN python -m venv /opt/venv", 'ENV PATH="/opt/venv/bin:$PATH"', ""]);
  return [{ start: first.start, end: first.start, text }];
}

/** What the first stage sets and copies, with the packages that programs need when they run. */
function shippedStage({ dockerfile }: EditContext, { stage, building }: Split, names: readonly string[]): string {
  const textOf = ({ start, end }: Instruction): string => dockerfile.text.slice(start, end);
  const settings = building.filter(({ keyword }) => keyword !== "RUN" && keyword !== "COPY" && keyword !== "ADD");
  const copies = building.filter(({ keyword }) => keyword === "COPY" || keyword === "ADD");
  const install = `RUN apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")} && rm -rf /var/lib/apt/lists/*`;
  return lines(dockerfile.lineEnding, [
    "",
    "",
    `FROM ${stage.base.text}`,
    ...settings.map(textOf),
    ...(names.length === 0 ? [] : [install]),
    'ENV PATH="/opt/venv/bin:$PATH"',
    "COPY --from=build /opt/venv /opt/venv",
    ...copies.map(textOf),
  ]);
}

function lines(ending: string, parts: readonly string[]): string {
  return parts.join(ending);
}

function savingFor(context: EditContext, instruction: Instruction, names: readonly string[]): ProposedSaving | undefined {
  const claims = packageClaims(context, instruction, new Set(names));
  if (claims !== undefined) return claims.length > 0 || context.isAsked(name) ? { claims } : undefined;
  return { bytes: 180_000_000, source: "installed size of gcc without recommended packages in Debian bookworm" };
}
