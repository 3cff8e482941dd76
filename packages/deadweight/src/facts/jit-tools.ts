import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { textOf } from "../lib/byte-string.ts";
import { entriesNamed } from "./command-entries.ts";
import { fileTree } from "./file-tree.ts";
import { pythonPackages } from "./python-packages.ts";

/** What a compiler that runs in a container calls or reads. */
export type JitTool =
  | "C compiler"
  | "C++ compiler"
  | "Python.h"
  | "nvcc"
  | "ptxas"
  | "cuobjdump"
  | "ninja"
  | "CUDA's headers"
  | "NVRTC"
  | "libNVVM";

/** An installed package that compiles code when it runs. */
export interface JitUser {
  readonly name: string;
  /** In words, after the name: `compiles the launcher of each kernel`. */
  readonly how: string;
  readonly found: readonly { readonly tool: JitTool; readonly path: string }[];
  readonly missing: readonly JitTool[];
}

interface Compiler {
  readonly names: RegExp;
  readonly tools: readonly JitTool[];
  readonly how: string;
  /** A package with which nothing is compiled any more. */
  readonly instead?: string;
}

const extension: readonly JitTool[] = ["C++ compiler", "nvcc", "ninja"];

// Reported breakages: pytorch #116696 and #170235 (gcc for Triton), dynamo #2301, oumi #2503 and kserve #4565 (nvcc for FlashInfer and
// sglang), xorbits #5188 (ninja for vLLM), llm-d #1386 (cuobjdump for DeepGEMM), LocalAI #10257 (headers of NVRTC), roboflow #2502 (ptxas).
const compilers: readonly Compiler[] = [
  {
    names: /^(?:pytorch-)?triton(?:-nightly)?$/,
    tools: ["C compiler", "Python.h", "ptxas"],
    how: "compiles the launcher of each kernel when it is first called",
  },
  { names: /^(?:torch|pytorch|pytorch-gpu)$/, tools: ["C++ compiler"], how: "compiles what torch.compile makes for CPUs" },
  {
    names: /^flashinfer(?:-python)?$/,
    tools: extension,
    how: "compiles kernels when they are first used",
    instead: "flashinfer-jit-cache",
  },
  { names: /^deep-gemm$/, tools: ["C++ compiler", "nvcc", "cuobjdump"], how: "compiles kernels for each shape" },
  { names: /^(?:vllm|sglang|sgl-kernel|lmdeploy)$/, tools: extension, how: "compiles some kernels when the engine starts" },
  { names: /^(?:deepspeed|colossalai)$/, tools: extension, how: "builds its operators when they are first used" },
  {
    names: /^(?:tilelang|exllamav2|gsplat|nvdiffrast|pycuda)$/,
    tools: ["C++ compiler", "nvcc"],
    how: "compiles CUDA code when it is first used",
  },
  {
    names: /^(?:cupy(?:-.*)?|cudf(?:-.*)?)$/,
    tools: ["NVRTC", "CUDA's headers"],
    how: "compiles kernels that are written as text",
  },
  { names: /^numba-cuda$|^numba$/, tools: ["libNVVM"], how: "compiles functions for GPUs" },
  { names: /^(?:tensorflow|jax|jaxlib)$/, tools: ["ptxas"], how: "compiles what XLA makes for GPUs" },
];

/** Programs by which a tool is there, in PATH, and places besides, as `FileTree.glob` has them. */
const tools: Readonly<Record<JitTool, { readonly programs: readonly string[]; readonly places: readonly string[] }>> = {
  "C compiler": { programs: ["cc", "gcc", "clang"], places: ["**/bin/*-linux-gnu-gcc", "**/bin/*-linux-gnu-cc"] },
  "C++ compiler": { programs: ["c++", "g++", "clang++"], places: ["**/bin/*-linux-gnu-g++", "**/bin/*-linux-gnu-c++"] },
  "Python.h": { programs: [], places: ["**/include/python3*/Python.h"] },
  nvcc: { programs: ["nvcc"], places: ["usr/local/cuda*/bin/nvcc", "**/nvidia/cu*/bin/nvcc"] },
  ptxas: {
    programs: ["ptxas"],
    places: [
      "usr/local/cuda*/bin/ptxas",
      "**/nvidia/cu*/bin/ptxas",
      "**/triton/backends/nvidia/bin/ptxas*",
      "**/triton/third_party/cuda/bin/ptxas",
    ],
  },
  cuobjdump: { programs: ["cuobjdump"], places: ["usr/local/cuda*/bin/cuobjdump", "**/nvidia/cu*/bin/cuobjdump"] },
  ninja: { programs: ["ninja"], places: ["**/site-packages/ninja/data/bin/ninja"] },
  "CUDA's headers": {
    programs: [],
    places: [
      "usr/local/cuda*/**/include/cuda_fp16.h",
      "**/nvidia/cu*/include/cuda_fp16.h",
      "**/cupy/_core/include/cupy/_cuda/*/cuda_fp16.h",
    ],
  },
  NVRTC: { programs: [], places: ["**/libnvrtc.so.*", "**/libnvrtc-*.so.*"] },
  libNVVM: { programs: [], places: ["**/libnvvm.so*"] },
};

/** Installed packages that compile when they run, with what of their tools is there. Judged by names of Python and conda packages. */
export const jitTools: Fact<readonly JitUser[]> = defineFact("jit-tools", (facts: Facts) => {
  const installed = [...facts.get(pythonPackages)];
  const names = new Set(installed.map(([name]) => name));
  const known = new Map<JitTool, string | undefined>();
  const pathOf = (tool: JitTool): string | undefined => {
    if (!known.has(tool)) known.set(tool, foundAt(facts, tool));
    return known.get(tool);
  };
  return compilers.flatMap((compiler): JitUser[] => {
    const users = installed.filter(([name]) => compiler.names.test(name));
    if (users.length === 0 || (compiler.instead !== undefined && names.has(compiler.instead))) return [];
    const places = compiler.tools.map((tool) => ({ tool, path: pathOf(tool) }));
    const found = places.flatMap(({ tool, path }) => (path === undefined ? [] : [{ tool, path }]));
    const missing = places.flatMap(({ tool, path }) => (path === undefined ? [tool] : []));
    return users.map(([name]) => ({ name, how: compiler.how, found, missing }));
  });
});

function foundAt(facts: Facts, tool: JitTool): string | undefined {
  const tree = facts.get(fileTree);
  const { programs, places } = tools[tool];
  const named = programs.flatMap((program) => entriesNamed(tree, facts.image.config, program));
  const placed = places.flatMap((place) => {
    const found = tree.glob(place).next();
    return found.done === true ? [] : [tree.visible(found.value)];
  });
  const [entry] = [...named, ...placed];
  return entry === undefined ? undefined : textOf(tree.path(entry));
}
