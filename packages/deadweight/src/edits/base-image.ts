import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { stageChain } from "../dockerfile/expand-variables.ts";
import { runSteps, type RunStep } from "../dockerfile/run-steps.ts";
import { cudaUsers } from "../facts/cuda-users.ts";
import { fileTree } from "../facts/file-tree.ts";
import { jitTools, type JitTool } from "../facts/jit-tools.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { reachedFiles } from "../facts/reached-files.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { someOf } from "../lib/some-of.ts";
import type { Replacement, Stage } from "../model/dockerfile.ts";
import { baseSettings } from "./base-image/base-settings.ts";
import { missingProgram } from "./base-image/called-programs.ts";
import { lostEntries, missedBy } from "./base-image/lost-entries.ts";
import { baseReference, replaceBase } from "./base-image/replace-base.ts";
import { compiledModule, documentsNamed } from "./base-image/slim-objections.ts";
import { smallerBases, type SmallerBase } from "./base-image/smaller-bases.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { compileSignals } from "./evidence/compile-signals.ts";
import { pythonInstalls } from "./evidence/python-installs.ts";
import { bringsCuda, loadsSystemCuda, runtimeCompiler } from "./evidence/runtime-compilers.ts";

/** A smaller base image. */
export const baseImage: Edit = defineEdit({
  name: "base-image",
  title: "the smaller flavour of the same base image",
  safety: "verified",
  order: 10,
  meaning:
    "nvidia/cuda comes as devel, with compilers, headers and static libraries, as runtime, with the libraries, and as base, with next to " +
    "nothing; python and node come with a whole build environment or slim, debian with documents and translations or slim. What nothing of the image needs of the larger one is dead weight: 3.7 " +
    "to 4.7 GB from devel to runtime, 1.8 to 2.4 GB from runtime to base where wheels bring their own CUDA, 0.9 GB from python to slim, 0.04 GB from debian to slim.",
  risk:
    "Programs that load a library or call a compiler of the larger base fail. It is left alone where something compiles, where a file is " +
    "linked with a library that would go, and where a package is known to call nvcc or to load the system's CUDA. Where PyTorch is " +
    "installed, gcc is added, since Triton calls it. Variables that the larger base sets are carried over, but for those that only " +
    "tell of what goes and that the Dockerfile does not name. NVIDIA's base flavour has no entry point that prints a banner and sets NVIDIA_CPU_ONLY where " +
    "no driver is. Slim images leave documents, manuals and translations out of packages that are installed later, too. A base that is pinned by a digest is left alone.",
  checks: ["elf-closure", "config", "interpreters", "python-imports", "start", "health"],
  example: {
    before:
      "FROM nvidia/cuda:12.1.0-cudnn8-devel-ubuntu22.04\nRUN apt-get update && apt-get install -y --no-install-recommends python3-pip\n" +
      'RUN pip install onnxruntime-gpu==1.17.1\nCMD ["python3", "-m", "app"]\n',
    after:
      "FROM nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04\nRUN apt-get update && apt-get install -y --no-install-recommends python3-pip\n" +
      'RUN pip install onnxruntime-gpu==1.17.1\nCMD ["python3", "-m", "app"]\n',
  },
  propose: (context) => gathered(findingsFor(context)),
});

/** The stage that names the image, all stages that are built on it, and their RUNs. */
interface Ground {
  readonly context: EditContext;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
  readonly steps: readonly RunStep[];
}

function findingsFor(context: EditContext): Finding[] {
  const { dockerfile, shipped, variablesAt } = context;
  const [stage] = shipped;
  const reference = stage === undefined ? undefined : baseReference(dockerfile, stage);
  if (stage === undefined || reference === undefined) return [];
  const candidates = smallerBases(reference);
  if (candidates === undefined) return [];
  if ("unknown" in candidates) return [{ instruction: stage.from, message: candidates.unknown }];
  const stages = dockerfile.stages.filter((one) => stageChain(dockerfile, one)[0] === stage);
  const ground: Ground = { context, stage, stages, steps: runSteps(dockerfile, stages, variablesAt) };
  const notes: Finding[] = [];
  for (const candidate of candidates) {
    const finding = proposalFor(ground, candidate);
    if ("replacements" in finding) return [...notes, finding];
    notes.push(finding);
  }
  return notes;
}

function proposalFor(ground: Ground, candidate: SmallerBase): Exclude<Finding, undefined> {
  const { context, stage } = ground;
  const lost = context.built === undefined ? undefined : lostEntries(context.built.facts, baseLayers(ground), candidate.lacks);
  const objection = objectionTo(ground, candidate, lost);
  const change = replaceBase(context.dockerfile, stage, candidate.reference);
  const refusal = objection ?? ("refused" in change ? change.refused : undefined);
  if (refusal !== undefined || "refused" in change) {
    return { instruction: stage.from, message: `${candidate.title} would not do: ${refusal ?? "it can't be named"}` };
  }
  const { carried, going } = baseSettings(context, ground.stages, candidate);
  const added = [...(carried.length === 0 ? [] : [`ENV ${carried.join(" ")}`]), ...addedPackages(ground, candidate, lost)];
  const argument = change.argument === undefined ? "" : `; a --build-arg ${change.argument} wins over it`;
  const compiler = added.some((line) => line.includes(" gcc ")) ? "; gcc is added, which Triton calls" : "";
  return {
    instruction: stage.from,
    message: `${dropped(candidate)}: ${candidate.reference} has all that the image needs`,
    reason: `${lost === undefined ? "nothing in the Dockerfile compiles or calls what it lacks" : "no file of the image is linked with what it lacks"}${compiler}${argument}${goingInWords(going)}`,
    replacements: [change.replacement, ...insertedAfter(ground, added)],
    saving: savingFor(context, candidate, lost),
    differences: { ...candidate.differences, settings: going },
  };
}

/** How many layers lie below the first that the Dockerfile made; as the image's history tells it where that is not known. */
function baseLayers({ context: { built }, stages }: Ground): number {
  if (built === undefined) return 0;
  const first = stages.flatMap(({ instructions }) => instructions).find(({ keyword }) => /^(?:RUN|COPY|ADD)$/.test(keyword));
  const own = first === undefined ? [] : built.layersOf(first);
  return own.length > 0 ? Math.min(...own) : built.facts.get(layerOrigins).base.layers;
}

/** `; Env NV_CUDNN_VERSION, Entrypoint and 12 more go with it`. */
function goingInWords(going: readonly string[]): string {
  return going.length === 0 ? "" : `; ${someOf(going)} ${going.length === 1 ? "goes" : "go"} with it`;
}

function dropped({ lacks }: SmallerBase): string {
  if (lacks.includes("buildpack")) return "the base has compilers, git and development packages that nothing uses";
  if (lacks.includes("documents")) return "the base has documents, manuals and translations that nothing uses";
  const libraries = lacks.includes("cuda-libraries") ? ["CUDA's libraries, which the frameworks bring themselves"] : [];
  return `the base has ${[...(lacks.includes("toolkit") ? ["compilers and headers that nothing uses"] : []), ...libraries].join(", and ")}`;
}

function insertedAfter({ context, stage }: Ground, lines: readonly string[]): readonly Replacement[] {
  const { end } = stage.from;
  return lines.length === 0
    ? []
    : [{ start: end, end, text: lines.map((line) => context.dockerfile.lineEnding + line).join("") }];
}

function savingFor({ built }: EditContext, { estimate }: SmallerBase, lost: ReadonlySet<number> | undefined): ProposedSaving {
  return built === undefined || lost === undefined ? estimate : { claims: removalClaims(built.facts.get(fileTree), lost) };
}

function objectionTo(ground: Ground, candidate: SmallerBase, lost: ReadonlySet<number> | undefined): string | undefined {
  const { context, stages, steps } = ground;
  const copied = copiedFrom(ground);
  if (copied !== undefined) return copied;
  const lacks = new Set(candidate.lacks);
  if (lacks.has("documents")) {
    const read = documentsNamed(context, stages);
    if (read !== undefined) return read;
  }
  if (lacks.has("toolkit") || lacks.has("buildpack")) {
    const [signal] = compileSignals(context, steps);
    if (signal !== undefined) return signal.what;
  }
  if (lacks.has("buildpack")) {
    const called = missingProgram(context, stages, steps, candidate.programs) ?? compiledModule(context);
    if (called !== undefined) return called;
  } else if (!lacks.has("documents")) {
    const named = mentionOf(ground, lacks.has("toolkit"));
    if (named !== undefined) return named;
  }
  if (context.built === undefined || lost === undefined) return objectionByNames(ground, candidate);
  return objectionByImage(context, candidate, lost);
}

/** Another stage takes files of a stage that is built on the base, from where the larger base has its own. */
function copiedFrom({ context, stages }: Ground): string | undefined {
  const names = new Set(stages.flatMap(({ name, index }) => [String(index), ...(name === undefined ? [] : [name])]));
  const outside = context.dockerfile.stages.flatMap(({ instructions }) => instructions);
  const copy = outside.find(({ flags, rest }) => {
    const from = flags.find(({ name }) => name === "from")?.value?.toLowerCase();
    const text = context.dockerfile.text.slice(rest.start, rest.end);
    return (
      from !== undefined &&
      names.has(from) &&
      /(?:^|[\s"])\/(?:usr(?:\/(?:local\/cuda|lib|include|bin|share))?|lib|bin|etc)?\/?(?:[\s"]|cuda|lib)/.test(text)
    );
  });
  return copy === undefined ? undefined : `line ${copy.line} copies system files of it`;
}

function mentionOf({ context, stages }: Ground, isToolkit: boolean): string | undefined {
  const words = isToolkit
    ? /\b(?:nvcc|CUDACXX|TORCH_CUDA_ARCH_LIST|CUDA_HOME|CUDA_ROOT|cuda-gdb|nsys|ncu|cuobjdump|ptxas)\b|\/cuda[\w.-]*\/(?:include|bin|nvvm)\b/
    : /\/cuda[\w.-]*\/(?:lib64|targets)\/lib|\blibcu(?:dnn|blas|fft|rand|solver|sparse)|\blibnccl|\blibnvinfer|\scuda-[a-z]|\/opt\/nvidia\b/;
  for (const instruction of stages.flatMap(({ instructions }) => instructions)) {
    const found = words.exec(context.dockerfile.text.slice(instruction.start, instruction.end))?.[0];
    if (found !== undefined) return `line ${instruction.line} names ${found}`;
  }
  return undefined;
}

function objectionByNames({ context, steps }: Ground, { lacks }: SmallerBase): string | undefined {
  const installs = pythonInstalls(context, steps);
  const names = installs.flatMap(({ requirements }) => requirements.map(({ name }) => name));
  const unread = installs.flatMap((install) => install.unread);
  if (unread.length > 0) return `${someOf(unread)} can't be read here, and there is no image to look at`;
  if (lacks.includes("toolkit")) {
    const caller = names.find((name) => /^(?:nvcc|toolkit)$/.test(runtimeCompiler(name) ?? ""));
    if (caller !== undefined) return `${caller} compiles with the CUDA toolkit when it runs`;
  }
  if (!lacks.includes("cuda-libraries") || context.target.base.text.includes("pytorch")) return undefined;
  const loader = names.find(loadsSystemCuda);
  if (loader !== undefined) return `${loader} loads the system's CUDA libraries`;
  if (!names.some((name) => bringsCuda.test(name))) return "nothing is known to bring CUDA's libraries in their place";
  const [other] = compileSignals(context, steps);
  return other?.what;
}

function objectionByImage({ built }: EditContext, { lacks }: SmallerBase, lost: ReadonlySet<number>): string | undefined {
  if (built === undefined) return undefined;
  const { facts } = built;
  const missed = missedBy(facts, lost);
  if (missed !== undefined) return missed;
  const { ofToolkit } = facts.get(cudaUsers);
  if (lacks.includes("cuda-libraries") && ofToolkit.length > 0) return `${someOf(ofToolkit)} loads the system's CUDA libraries`;
  const tree = facts.get(fileTree);
  const isLost = (path: string): boolean => lost.has(tree.resolve(path)) || lost.has(tree.find(path));
  const carried = new Set<JitTool>(["C compiler", "C++ compiler"]);
  for (const { name, how, found } of facts.get(jitTools)) {
    const tool = found.find((one) => !carried.has(one.tool) && isLost(one.path.replace(/^\//, "")));
    if (tool !== undefined) return `${name} ${how}, with ${tool.path}`;
  }
  return undefined;
}

// Python's mimetypes knows more types where this file is; a file of the buildpack, and of no use to anything else there.
const tables: Readonly<Record<string, string>> = { "etc/mime.types": "media-types" };

/** What the smaller base has not and the image uses: a compiler for what compiles when it runs, tables that the command leads to. */
function addedPackages(ground: Ground, candidate: SmallerBase, lost: ReadonlySet<number> | undefined): readonly string[] {
  const { facts } = ground.context.built ?? {};
  const isUsed = (path: string): boolean =>
    facts?.get(reachedFiles)?.has(path) === true && lost?.has(facts.get(fileTree).find(path)) === true;
  const names = [
    ...compilerFor(ground, candidate),
    ...Object.entries(tables).flatMap(([path, name]) => (isUsed(path) ? [name] : [])),
  ];
  if (names.length === 0) return [];
  return [`RUN apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")} && rm -rf /var/lib/apt/lists/*`];
}

/** gcc for what compiles when it runs, where the smaller base has none and no RUN installs one. */
function compilerFor({ context, steps }: Ground, { lacks, title }: SmallerBase): readonly string[] {
  if (!(lacks.includes("toolkit") || lacks.includes("buildpack")) || title.startsWith("PyTorch")) return [];
  const installs = pythonInstalls(context, steps).flatMap(({ requirements }) => requirements);
  const tools = context.built?.facts.get(jitTools).flatMap(({ found }) => found.map(({ tool }) => tool)) ?? [];
  const isCalled =
    tools.includes("C compiler") ||
    (context.built === undefined && installs.some(({ name }) => /^(?:gcc|launcher)$/.test(runtimeCompiler(name) ?? "")));
  const words = steps.flatMap(({ uses }) => uses.filter(({ tool }) => tool === "apt").flatMap(({ operands }) => operands));
  if (!isCalled || words.some(({ value = "" }) => /^(?:gcc|g\+\+|clang|build-essential)/.test(value))) return [];
  return ["gcc", "libc6-dev"];
}
