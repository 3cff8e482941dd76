import { defineEdit, type BuiltImage, type Edit, type EditContext } from "../contracts/edit.ts";
import { hasOption } from "../dockerfile/command-use.ts";
import { joinedText } from "../dockerfile/joined-text.ts";
import { fileTree } from "../facts/file-tree.ts";
import { libraries } from "../facts/libraries.ts";
import { packageEntries } from "../facts/package-entries.ts";
import { programs } from "../facts/programs.ts";
import { pythonPackages } from "../facts/python-packages.ts";
import { textOf } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import type { Instruction, Replacement, Stage } from "../model/dockerfile.ts";
import { baseReference } from "./base-image/replace-base.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { compileSignals } from "./evidence/compile-signals.ts";
import { pythonInstalls } from "./evidence/python-installs.ts";
import { runtimeCompiler } from "./evidence/runtime-compilers.ts";
import { buildPart, isPlainPip, onlyInstall, type BuildPart } from "./multi-stage/build-part.ts";
import { keptPackages, layersOfSteps } from "./multi-stage/kept-packages.ts";
import { archiveClaims, stageSaving } from "./multi-stage/stage-saving.ts";
import { finalPackages } from "./multi-stage/final-packages.ts";

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
    "It is done for one shape alone: a single stage, RUNs of apt and nothing else, then RUNs with pip and nothing else. What " +
    "compiled packages load of the compiler's own, such as libgomp1, is missed: the check elf-closure tells. Packages that compile when " +
    "they run, editable installs, another USER and --user stop it; a note says what does. Where --prefix is added pip compiles anew: what " +
    "differs each time, as with debug information of a random folder, is told by file-tree, and the edit is dropped. --target with the stage's name gives the shipped image.",
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
  const shipped = finalPackages(part.tools);
  const why =
    "refused" in copied ? copied.refused : "unknown" in shipped ? `the library of ${shipped.unknown} is not known` : undefined;
  if (why !== undefined || "refused" in copied || "unknown" in shipped)
    return { instruction, message: `a stage that builds has to be made by hand: ${why ?? ""}` };
  return {
    instruction,
    message: `what line ${part.tools.map((step) => step.instruction.line).join(" and ")} installs to build with is shipped`,
    reason: "the packages are built as before and copied to where programs look for them; nothing after them compiles",
    replacements: [
      ...renamed(context, stage),
      ...copied.replacements,
      secondStage(context, stage, part, [...installed(context, part, shipped.names), ...copied.lines]),
    ],
    saving: stageSaving(context, part, shipped.names),
  };
}

function installed(context: EditContext, part: BuildPart, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  // Where the image shows that apt keeps archives.
  const cleanup = `${archiveClaims(context, part).length > 0 ? "apt-get clean && " : ""}rm -rf /var/lib/apt/lists/*`;
  return [`RUN apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")} && ${cleanup}`];
}

/** Why the tools are needed when the image runs, or it can't be told. */
function neededWhy(context: EditContext, { installs, tools }: BuildPart): string | undefined {
  const found = pythonInstalls(context, installs);
  const { built } = context;
  const named = found.flatMap(({ requirements }) => requirements.map(({ name }) => name));
  const names = [...named, ...(built?.facts.get(pythonPackages).keys() ?? [])];
  const caller = names.find((name) => runtimeCompiler(name) !== undefined);
  if (caller !== undefined) return `${caller} compiles when it runs`;
  if (found.some(({ use }) => hasOption(use, "-e", "--editable"))) return "an editable install runs from where it was built";
  const unread = found.flatMap((install) => install.unread);
  if (built === undefined)
    return unread.length === 0 ? undefined : `${someOf(unread)} can't be read, and there is no image to look at`;
  const shipped = finalPackages(tools);
  return libraryOfTools(built, layersOfSteps(built, tools), "names" in shipped ? shipped.names : []);
}

/** A library that came with the tools and that a file of another layer is linked with. */
function libraryOfTools(built: BuiltImage, layers: readonly number[], names: readonly string[]): string | undefined {
  const [tree, read, found] = [built.facts.get(fileTree), built.facts.get(programs), built.facts.get(libraries)];
  if (read === undefined || found === undefined) return undefined;
  const kept = packageEntries(tree, keptPackages(built, names));
  for (const entry of tree.all()) {
    if (layers.includes(tree.layerOf(entry))) continue;
    const library = read.elf(entry)?.needed.find((name) => {
      const needed = found.find(entry, name);
      return needed >= 0 && !kept.has(needed) && layers.includes(tree.layerOf(needed));
    });
    if (library !== undefined) return `/${textOf(tree.path(entry))} needs ${textOf(library)}, which comes with the tools`;
  }
  return undefined;
}

interface Copied {
  /** What the shipped stage says to have the packages. */
  readonly lines: readonly string[];
  readonly replacements: readonly Replacement[];
}

const official = /^(?:[\w-]+[.:][\w.:-]*\/)?(?:library\/)?python(?::|$)/;
const path = 'ENV PATH="/opt/venv/bin:$PATH"';

/** The virtual environment as it is; else /usr/local of the official image, into which pip installs by way of --prefix, or a new environment. */
function copiedFolder({ dockerfile }: EditContext, stage: Stage, part: BuildPart): Copied | { readonly refused: string } {
  const { environment, installs, last } = part;
  const textOf = ({ start, end }: Instruction): string => dockerfile.text.slice(start, end);
  if (environment !== undefined) {
    const isUsed = new RegExp(`PATH[= ]"?${environment}/bin\\b`).test(dockerfile.text);
    const isCopied = part.repeated.some((one) => /^(?:COPY|ADD)$/.test(one.keyword) && textOf(one).includes(environment));
    return isUsed && !isCopied
      ? { lines: [`COPY --from=build ${environment} ${environment}`], replacements: [] }
      : { refused: `it is not known whether all is installed into ${environment}` };
  }
  const reference = baseReference(dockerfile, stage) ?? "";
  if (!official.test(reference) || reference.includes("alpine"))
    return { refused: "where pip puts packages is known of virtual environments and official images of Python alone" };
  const install = onlyInstall(installs);
  if (install !== undefined)
    return { lines: ["COPY --from=build /install /usr/local"], replacements: insertOptions(install, "--prefix=/install") };
  const [first] = installs;
  if (first === undefined || !isPlainPip(installs)) return { refused: "packages are installed to a place of their own" };
  const named = stage.instructions.find((one) => one.start > last.end && /\/usr\/local\/(?:bin|lib\/python)/.test(textOf(one)));
  if (named !== undefined) return { refused: `line ${named.line} names a path of the system's Python` };
  const { start } = first.instruction;
  const made = ["RUN python -m venv /opt/venv", path, ""].join(dockerfile.lineEnding);
  return { lines: [path, "COPY --from=build /opt/venv /opt/venv"], replacements: [{ start, end: start, text: made }] };
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
  added: readonly string[],
): Replacement {
  const { text, lineEnding } = dockerfile;
  const flags = from.flags.map(({ start, end }) => `${text.slice(start, end)} `).join("");
  const named = name === undefined ? "" : ` AS ${name}`;
  const base = joinedText(text, dockerfile.escape, from.rest);
  const image = base.text.slice(0, base.words()[0]?.end ?? 0);
  const lines = ["", `FROM ${flags}${image}${named}`, ...repeated.map(({ start, end }) => text.slice(start, end)), ...added];
  return { start: last.end, end: last.end, text: lines.map((line) => lineEnding + line).join("") };
}
