import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { entriesNamed } from "./command-entries.ts";
import { fileTree } from "./file-tree.ts";
import { pythonPackages } from "./python-packages.ts";

/** What programs call or read when a container runs, though it looks like something for building alone. */
export type Tool = "c-compiler" | "cuda-compiler" | "cuda-headers" | "ninja" | "git";

/** What installed Python packages need of the tools that are in the image. */
export interface RuntimeNeeds {
  /** Whether a package needs it. A tool that is not in the image is not needed: its users do without. */
  readonly has: (...tools: readonly Tool[]) => boolean;
  /** Why, one sentence part for each package: `triton compiles kernel launchers with gcc`. */
  readonly reasons: (...tools: readonly Tool[]) => readonly string[];
}

interface Caller {
  readonly names: RegExp;
  readonly tools: readonly Tool[];
  readonly how: string;
}

const compiling: readonly Tool[] = ["c-compiler", "cuda-compiler", "cuda-headers", "ninja"];

// Reported breakages: pytorch #116696 (gcc), vllm #29270 (gcc, nvcc, nvrtc), dynamo #2301 and kserve #4565 (nvcc), xorbits #5188
// (ninja), llm-d #1386 (cuobjdump), LocalAI #10257 (nvrtc headers), h2o-llmstudio #1081 (ptxas).
const callers: readonly Caller[] = [
  { names: /^(pytorch-)?triton(-nightly)?$/, tools: ["c-compiler"], how: "compiles kernel launchers with gcc" },
  { names: /^(torch|pytorch|pytorch-gpu)$/, tools: ["c-compiler"], how: "calls g++ for torch.compile and C++ extensions" },
  { names: /^(tensorflow|jax|jaxlib)$/, tools: ["cuda-compiler"], how: "calls ptxas of the CUDA toolkit in XLA" },
  { names: /^numba(-cuda)?$/, tools: ["cuda-compiler", "cuda-headers"], how: "loads libNVVM and reads CUDA headers" },
  { names: /^(deepspeed|colossalai)$/, tools: compiling, how: "builds its operators with nvcc and ninja" },
  { names: /^flashinfer(-python)?$/, tools: compiling, how: "compiles kernels with nvcc and ninja" },
  { names: /^(vllm|sglang|sgl-kernel|lmdeploy)$/, tools: compiling, how: "compiles kernels with nvcc and ninja" },
  { names: /^(deep-gemm|tilelang|exllamav2)$/, tools: compiling, how: "compiles kernels with nvcc" },
  { names: /^(gsplat|nvdiffrast|pycuda)$/, tools: compiling, how: "compiles CUDA code with nvcc when it is first used" },
  {
    names: /^(cupy(-.*)?|cudf(-.*)?|tensorrt-llm|warp-lang|nvidia-cutlass)$/,
    tools: ["cuda-headers"],
    how: "compiles CUDA headers with NVRTC",
  },
  {
    names: /^(pythran|theano|aesara|pytensor|cppyy|cmdstanpy|pystan|pykeops|apache-tvm)$/,
    tools: ["c-compiler"],
    how: "compiles C++ for functions and models",
  },
  { names: /^(gitpython|dvc|mlflow|setuptools-scm)$/, tools: ["git"], how: "calls git" },
];

/** Programs by which a tool is known to be there. Headers have none: NVRTC is a library. */
const programs: Readonly<Record<Exclude<Tool, "cuda-headers">, readonly string[]>> = {
  "c-compiler": ["cc", "gcc", "c++", "g++", "clang", "clang++"],
  "cuda-compiler": ["nvcc", "ptxas", "cuobjdump"],
  ninja: ["ninja"],
  git: ["git"],
};

/** CUDA's tools are often not in PATH; conda's compilers carry the target in their name. */
const places: Readonly<Record<keyof typeof programs, readonly string[]>> = {
  "c-compiler": ["**/bin/*-linux-gnu-gcc", "**/bin/*-linux-gnu-cc"],
  "cuda-compiler": ["nvcc", "ptxas", "cuobjdump"]
    .map((program) => `usr/local/cuda*/bin/${program}`)
    .concat("**/nvidia/cuda_nvcc/bin/ptxas"),
  ninja: [],
  git: [],
};

/** Needs at run time, judged by the names of installed Python and conda packages. */
export const runtimeNeeds: Fact<RuntimeNeeds> = defineFact("runtime-needs", (facts: Facts) => {
  const found = new Map<Tool, string[]>();
  for (const { names, tools, how } of callers) {
    const caller = [...facts.get(pythonPackages).keys()].find((name) => names.test(name));
    if (caller === undefined) continue;
    for (const tool of tools.filter((tool) => isPresent(facts, tool))) {
      found.set(tool, [...(found.get(tool) ?? []), `${caller} ${how}`]);
    }
  }
  return {
    has: (...tools) => tools.some((tool) => found.has(tool)),
    reasons: (...tools) => [...new Set(tools.flatMap((tool) => found.get(tool) ?? []))],
  };
});

function isPresent(facts: Facts, tool: Tool): boolean {
  if (tool === "cuda-headers") return true;
  const tree = facts.get(fileTree);
  const isInPath = programs[tool].some((program) => entriesNamed(tree, facts.image.config, program).length > 0);
  return isInPath || places[tool].some((pattern) => tree.glob(pattern).next().done !== true);
}
