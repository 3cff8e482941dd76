import { claimsWithin } from "../claims/claims-within.ts";
import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { fileTree } from "../facts/file-tree.ts";
import { pytorchBuild } from "../facts/pytorch-build.ts";
import { isUsable } from "../model/device-image.ts";
import type { Replacement } from "../model/dockerfile.ts";
import { printTarget } from "../model/gpu.ts";
import { torchTable } from "../model/torch-table.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { pythonInstalls, type PythonInstall } from "./evidence/python-installs.ts";
import { loadsSystemCuda } from "./evidence/runtime-compilers.ts";

const ofTorch = /^(?:torch|torchvision|torchaudio)$/;
const needsCudaTorch = /^(?:xformers|triton|apex|flash-attn|flashinfer.*|vllm|bitsandbytes|deepspeed|nvidia-.*)$/;

/** PyTorch's build for what the image runs on. */
export const torchIndex: Edit = defineEdit({
  name: "torch-index",
  title: "PyTorch's build for CPUs where there is no GPU, or the CUDA build that serves the GPUs",
  safety: "opt-in",
  order: 15,
  meaning:
    "pip installs PyTorch for CUDA unless an index for CPUs is named: 3.0 GB of wheels for 2.5.1 instead of 175 MB. With --cpu an index " +
    "that the Dockerfile names is changed to its part for CPUs, and uv is told --torch-backend=cpu. With --gpus, an index of a CUDA build " +
    "that has no code for one of them is changed to that of a build which serves all.",
  risk:
    "A build for CPUs never uses a GPU, and says so only when it is asked. It is left alone where a package is installed that needs " +
    "PyTorch with CUDA. Other indexes than PyTorch's own may lack the other build: the build tells. A package that is installed before " +
    "PyTorch and depends on it brings the CUDA build from PyPI.",
  checks: ["python-imports", "python-modules", "device-code"],
  example: {
    before: "FROM python:3.11-slim\nRUN pip install --index-url https://mirror.example/whl/cu121 torch==2.5.1\n",
    after: "FROM python:3.11-slim\nRUN pip install --index-url https://mirror.example/whl/cpu torch==2.5.1\n",
  },
  propose: (context) => {
    const installs = pythonInstalls(context, shippedSteps(context));
    const findings = installs.map((install) =>
      context.withoutGpu ? withoutGpu(context, installs, install) : forGpus(context, install),
    );
    return gathered(findings);
  },
});

function withoutGpu(context: EditContext, installs: readonly PythonInstall[], install: PythonInstall): Finding {
  const { step, use } = install;
  const { instruction } = step;
  if (!install.requirements.some(({ name }) => ofTorch.test(name))) return undefined;
  const replacements = swapped(context, install, "cpu");
  const isForCpu = /\/whl\/cpu\b|\+cpu\b|--torch-backend[= ]cpu\b/.test(textOf(context, install));
  if (replacements.length === 0 && isForCpu) return undefined;
  const needing = installs
    .flatMap(({ requirements }) => requirements)
    .find(({ name }) => needsCudaTorch.test(name) || loadsSystemCuda(name));
  if (needing !== undefined) return { instruction, message: `PyTorch for CUDA stays: ${needing.text} needs it, or CUDA itself` };
  const isUv = use.tool === "uv" && use.verb === "pip install" && !/--torch-backend|--index/.test(textOf(context, install));
  const changes = replacements.length > 0 ? replacements : isUv ? insertOptions(use, "--torch-backend=cpu") : [];
  return {
    instruction,
    message:
      changes.length > 0
        ? "PyTorch comes with CUDA, and there is no GPU"
        : "PyTorch comes with CUDA, and there is no GPU: name PyTorch's index for CPUs with --index-url, as its installation guide has it",
    reason: "the image is said to run without a GPU, and nothing that is installed needs CUDA",
    replacements: changes,
    saving: savingFor(context),
  };
}

function forGpus(context: EditContext, install: PythonInstall): Finding {
  const { gpus } = context;
  const { instruction } = install.step;
  const torch = install.requirements.find(({ name }) => name === "torch");
  const [, build] = /\/whl\/(cu\d+)\b/.exec(textOf(context, install)) ?? [];
  if (gpus === undefined || torch === undefined || build === undefined) return undefined;
  const version = /==\s*(\d+\.\d+)/.exec(torch.text)?.[1] ?? context.built?.facts.get(pytorchBuild)?.version;
  const release = /^\d+\.\d+/.exec(version ?? "")?.[0];
  if (release === undefined)
    return { instruction, message: "which GPUs PyTorch serves can't be told: its version is not pinned" };
  const builds = torchTable[release] ?? {};
  const unserved = (list: string): readonly string[] =>
    gpus.targets.filter(({ capability }) => !serves(list, capability)).map(printTarget);
  const present = builds[build];
  if (present === undefined) return { instruction, message: `which GPUs torch ${release} for ${build} serves is not known` };
  const missing = unserved(present);
  if (missing.length === 0) return undefined;
  const fitting = Object.entries(builds).findLast(([, list]) => unserved(list).length === 0)?.[0];
  if (fitting === undefined) return { instruction, message: `no build of torch ${release} serves ${missing.join(", ")}` };
  return {
    instruction,
    message: `torch ${release} for ${build} has no code for ${missing.join(", ")}`,
    reason: `the official build of the same release for ${fitting} serves all GPUs that are named`,
    replacements: swapped(context, install, fitting),
    saving: { bytes: 0, source: "the other build is about as large: it is one that runs" },
  };
}

function textOf({ dockerfile }: EditContext, { use }: PythonInstall): string {
  return dockerfile.text.slice(use.command.start, use.command.end);
}

/** The index's last part and local versions, `+cu121`, of PyTorch's own packages. */
function swapped(context: EditContext, install: PythonInstall, build: string): readonly Replacement[] {
  const { start } = install.use.command;
  const text = textOf(context, install);
  if (!/\/whl\/cu\d+\b/.test(text)) return [];
  return [...text.matchAll(/(?<=\/whl\/|torch(?:vision|audio)?\s*==\s*[\d.]+\+)cu\d+\b/g)].map((match) => ({
    start: start + match.index,
    end: start + match.index + match[0].length,
    text: build,
  }));
}

function serves(list: string, capability: number): boolean {
  return list.split(" ").some((text) => {
    const arch = Number(text.replace("+PTX", "").replace(".", ""));
    const isCubin = isUsable({ kind: "cubin", arch, suffix: "" }, capability);
    return isCubin || (text.endsWith("+PTX") && isUsable({ kind: "ptx", arch, suffix: "" }, capability));
  });
}

function savingFor({ built }: EditContext): ProposedSaving {
  if (built === undefined) {
    const bytes = 2_996_485_948 - 174_700_000;
    return {
      bytes,
      compressedBytes: bytes,
      source: "wheels of PyTorch 2.5.1 as pip downloads them, 3.0 GB with CUDA and 175 MB without",
    };
  }
  const patterns = [
    "**/torch/lib/libtorch_cuda*.so",
    "**/torch/lib/libc10_cuda.so",
    "**/*-packages/nvidia",
    "**/*-packages/triton",
  ];
  return { claims: claimsWithin(built.facts.get(fileTree), patterns) };
}
