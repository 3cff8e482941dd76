import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { joinedText } from "../dockerfile/joined-text.ts";
import { fileTree } from "../facts/file-tree.ts";
import { libraries } from "../facts/libraries.ts";
import { programs } from "../facts/programs.ts";
import { pythonPackages } from "../facts/python-packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import type { Replacement, Stage } from "../model/dockerfile.ts";
import { baseReference } from "./base-image/replace-base.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { compileSignals } from "./installs/compile-signals.ts";
import { pythonInstalls } from "./installs/python-installs.ts";
import { runtimeCompiler } from "./installs/runtime-compilers.ts";
import { buildPart, onlyInstall, type BuildPart } from "./multi-stage/build-part.ts";

/** Compile in one stage, ship another. */
export const multiStage: Edit = defineEdit({
  name: "multi-stage",
  title: "Python packages are built in a stage of their own, and only they are copied",
  safety: "verified",
  order: 5,
  meaning:
    "What one RUN installs to compile with stays in the image when another RUN has compiled: build-essential alone is 323 MB. Built in a " +
    "stage of its own, only the packages are copied: the virtual environment, or what pip installs with --prefix.",
  risk:
    "It is done for one shape alone: a single stage, a RUN with build tools and nothing else, then RUNs with pip and nothing else. What " +
    "compiled packages load of the compiler's own, such as libgomp1, is missed: the check elf-closure tells. Packages that compile when " +
    "they run, editable installs, another USER and --user stop it; a note says what does. --target with the stage's name gives the shipped image.",
  checks: ["elf-closure", "python-imports", "python-modules", "config", "file-tree"],
  example: {
    before:
      "FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*\n" +
      'RUN pip install --no-cache-dir uwsgi==2.0.26\nCOPY . .\nCMD ["uwsgi", "app.ini"]\n',
    after:
      "FROM python:3.11-slim AS build\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*\n" +
      "RUN pip install --prefix=/install --no-cache-dir uwsgi==2.0.26\n\nFROM python:3.11-slim\nWORKDIR /app\nCOPY --from=build /install /usr/local\n" +
      'COPY . .\nCMD ["uwsgi", "app.ini"]\n',
  },
  propose: (context) => gathered([findingFor(context)]),
});

function findingFor(context: EditContext): Finding {
  const { dockerfile } = context;
  const [stage, ...others] = dockerfile.stages;
  if (stage === undefined || others.length > 0) return undefined;
  const part = buildPart(context, stage);
  if (part === undefined) return undefined;
  const instruction = stage.from;
  if ("refused" in part) return { instruction, message: `a stage that builds has to be made by hand: ${part.refused}` };
  const steps = shippedSteps(context);
  const signals = compileSignals(context, steps);
  // Where nothing compiles, the tools are not needed at all: drop-build-tools.
  if (signals.length === 0) return undefined;
  const later = signals.find(({ at }) => at > part.last.end);
  const refusal = (later && `${later.what} needs the tools too`) ?? neededWhy(context, part);
  if (refusal !== undefined) return { instruction, message: `a stage that builds has to be made by hand: ${refusal}` };
  const copied = copiedFolder(context, stage, part);
  if ("refused" in copied) return { instruction, message: `a stage that builds has to be made by hand: ${copied.refused}` };
  return {
    instruction,
    message: `what line ${part.tools.map((step) => step.instruction.line).join(" and ")} installs to build with is shipped`,
    reason: "the packages are built as before and copied to where they were; nothing after them compiles",
    replacements: [...renamed(context, stage), ...copied.options, secondStage(context, stage, part, copied.copy)],
    saving: savingFor(context, part),
  };
}

/** Why the tools are needed when the image runs, or it can't be told. */
function neededWhy(context: EditContext, { installs, tools }: BuildPart): string | undefined {
  const found = pythonInstalls(context, installs);
  const { built } = context;
  const names = [
    ...found.flatMap(({ requirements }) => requirements.map(({ name }) => name)),
    ...(built?.facts.get(pythonPackages).keys() ?? []),
  ];
  const caller = names.find((name) => runtimeCompiler(name) !== undefined);
  if (caller !== undefined) return `${caller} compiles when it runs`;
  if (found.some(({ use }) => use.options.some(({ name }) => /^(?:-e|--editable)$/.test(name))))
    return "an editable install runs from where it was built";
  const unread = found.flatMap((install) => install.unread);
  if (built === undefined)
    return unread.length === 0 ? undefined : `${someOf(unread)} can't be read, and there is no image to look at`;
  return libraryOfTools(
    built,
    tools.flatMap(({ instruction }) => [...built.layersOf(instruction)]),
  );
}

/** A library that came with the tools and that a file of another layer is linked with. */
function libraryOfTools({ facts }: NonNullable<EditContext["built"]>, layers: readonly number[]): string | undefined {
  const [tree, read, found] = [facts.get(fileTree), facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return undefined;
  for (const entry of tree.all()) {
    if (layers.includes(tree.layerOf(entry))) continue;
    const library = read.elf(entry)?.needed.find((name) => {
      const needed = found.find(entry, name);
      return needed >= 0 && layers.includes(tree.layerOf(needed));
    });
    if (library !== undefined) return `/${textOf(tree.path(entry))} needs ${textOf(library)}, which comes with the tools`;
  }
  return undefined;
}

interface Copied {
  readonly copy: string;
  readonly options: readonly Replacement[];
}

/** The virtual environment as it is; else /usr/local of the official image, into which pip installs by way of --prefix. */
function copiedFolder({ dockerfile }: EditContext, stage: Stage, part: BuildPart): Copied | { readonly refused: string } {
  const { environment } = part;
  if (environment !== undefined) {
    const isUsed = new RegExp(`PATH[= ]"?${environment}/bin\\b`).test(dockerfile.text);
    const isCopied = part.repeated.some(
      ({ keyword, start, end }) => /^(?:COPY|ADD)$/.test(keyword) && dockerfile.text.slice(start, end).includes(environment),
    );
    return isUsed && !isCopied
      ? { copy: `${environment} ${environment}`, options: [] }
      : { refused: `it is not known whether all is installed into ${environment}` };
  }
  if (!/^(?:[\w-]+[.:][\w.:-]*\/)?(?:library\/)?python(?::|$)/.test(baseReference(dockerfile, stage) ?? ""))
    return { refused: "where pip puts packages is known of virtual environments and official images of Python alone" };
  const install = onlyInstall(part.installs);
  return install === undefined
    ? { refused: "packages are installed by several commands, or to a place of their own" }
    : { copy: "/install /usr/local", options: insertOptions(install, "--prefix=/install") };
}

/** The first stage is called `build`; the name that it had is that of the stage which is shipped. */
function renamed({ dockerfile }: EditContext, { from, base, name }: Stage): readonly Replacement[] {
  if (name === undefined) return [{ start: base.end, end: base.end, text: " AS build" }];
  const joined = joinedText(dockerfile.text, dockerfile.escape, from.rest);
  const word = joined.words().at(-1);
  return word === undefined ? [] : [{ ...joined.placeOf(word), text: "build" }];
}

function secondStage(
  { dockerfile }: EditContext,
  { from, name }: Stage,
  { last, repeated }: BuildPart,
  copy: string,
): Replacement {
  const { text, lineEnding } = dockerfile;
  const flags = from.flags.map(({ start, end }) => `${text.slice(start, end)} `).join("");
  const named = name === undefined ? "" : ` AS ${name}`;
  const base = joinedText(text, dockerfile.escape, from.rest);
  const image = base.text.slice(0, base.words()[0]?.end ?? 0);
  const lines = [
    "",
    `FROM ${flags}${image}${named}`,
    ...repeated.map(({ start, end }) => text.slice(start, end)),
    `COPY --from=build ${copy}`,
  ];
  return { start: last.end, end: last.end, text: lines.map((line) => lineEnding + line).join("") };
}

const sizes: Readonly<Record<string, number>> = {
  "build-essential": 323_000_000,
  "g++": 267_000_000,
  gcc: 180_000_000,
  cmake: 95_600_000,
};

function savingFor({ built }: EditContext, { tools }: BuildPart): ProposedSaving {
  const layers = tools.flatMap(({ instruction }) => [...(built?.layersOf(instruction) ?? [])]);
  if (built === undefined || layers.length === 0) {
    const named = tools.flatMap(({ uses }) =>
      uses.flatMap(({ operands }) => operands.map(({ value = "" }) => sizes[value] ?? 0)),
    );
    return { bytes: Math.max(0, ...named), source: "installed size of the largest of the tools in Debian bookworm" };
  }
  const tree = built.facts.get(fileTree);
  const entries = [...tree.all()].filter((entry) => layers.includes(tree.layerOf(entry)) && tree.type(entry) !== "directory");
  return { claims: removalClaims(tree, entries) };
}
