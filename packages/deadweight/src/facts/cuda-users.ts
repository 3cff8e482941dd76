import { nvidiaPart } from "../catalogers/cuda/nvidia-part.ts";
import type { Package } from "../contracts/cataloger.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { fileTree } from "./file-tree.ts";
import { packages } from "./packages.ts";
import { pythonPackages } from "./python-packages.ts";

/** Installed software that uses CUDA, as far as names and dependencies of packages tell. */
export interface CudaUsers {
  /** Frameworks that load the libraries of wheels, or those inside them, whatever the loader would find. */
  readonly frameworks: readonly string[];
  /** What loads the libraries that the loader finds, or builds against the toolkit. */
  readonly ofToolkit: readonly string[];
  /** All of them, and all that rely on a framework's libraries or name a part of CUDA as their dependency. */
  readonly all: readonly string[];
}

// PyTorch's wheels have a DT_RPATH to nvidia/*/lib, which wins over LD_LIBRARY_PATH: pytorch/builder, manywheel/build_cuda.sh.
const frameworks = /^(?:torch|pytorch|pytorch-gpu|tensorflow|jaxlib|jax-cuda\d+-(?:plugin|pjrt))$/;

// modelship #33: onnxruntime-gpu can't open pip's copies without LD_LIBRARY_PATH, vLLM looks for libcudart at a fixed place.
const ofToolkit = new RegExp(
  "^(?:onnxruntime-(?:gpu|training)|ctranslate2|faster-whisper|cupy(?:-.*)?|(?:torch-)?tensorrt(?:-.*)?|tensorflow-gpu|" +
    "vllm|sglang|flashinfer(?:-.*)?|deepspeed|tilelang|gsplat|nvdiffrast|pycuda|llama-cpp-python|mxnet(?:-cu\\d+)?|" +
    "paddlepaddle-gpu|dlib)$",
);
const others = new RegExp(
  "^(?:numba|numba-cuda|bitsandbytes|flash-attn|xformers|faiss-gpu.*|nvidia-dali-.*|cudf.*|cuml.*|cugraph.*|catboost|" +
    "warp-lang|mmcv|detectron2)$",
);
const beyondPython =
  /^(?:libnvinfer\d*|tensorrt|tritonserver|ollama|libmagma\d*|onnxruntime-node|node-llama-cpp|@tensorflow\/tfjs-node-gpu)$/;

/** Without these files a package is a build for CPUs, or can't use the GPU. */
const proofs: Readonly<Record<string, string>> = {
  torch: "**/libtorch_cuda*.so",
  pytorch: "**/libtorch_cuda*.so",
  numba: "**/libnvvm.so*",
};

/** Who uses CUDA in the image. */
export const cudaUsers: Fact<CudaUsers> = defineFact("cuda-users", (facts: Facts) => {
  const python = [...facts.get(pythonPackages)].filter(([name, one]) => usesGpu(facts, name, one)).map(([name]) => name);
  const installed = facts.get(packages).final;
  const named = installed.filter(({ kind, name }) => kind !== "python" && kind !== "conda" && beyondPython.test(name));
  const toolkit = [...python.filter((name) => ofToolkit.test(name)), ...named.map(({ name }) => name)];
  const rest = python.filter((name) => frameworks.test(name) || others.test(name));
  return {
    frameworks: python.filter((name) => frameworks.test(name)),
    ofToolkit: toolkit,
    all: [...new Set([...toolkit, ...rest, ...dependents(installed)])],
  };
});

function usesGpu(facts: Facts, name: string, { version = "" }: Package): boolean {
  if (version.includes("+cpu") || (name === "jaxlib" && !version.includes("+cuda"))) return false;
  const proof = proofs[name];
  return proof === undefined || facts.get(fileTree).glob(proof).next().done !== true;
}

/** Whether a package is a part of CUDA, or a list of such. */
export function isPartOfCuda(one: Package): boolean {
  return nvidiaPart(one) !== undefined;
}

/** Packages that are no part of CUDA and depend on one that is, of the same package manager. */
function dependents(installed: readonly Package[]): string[] {
  const keyOf = (kind: string, name: string): string => `${kind}:${name.toLowerCase().replace(/[-_.]+/g, "-")}`;
  const cuda = new Set(installed.filter(isPartOfCuda).map(({ kind, name }) => keyOf(kind, name)));
  const needsCuda = (one: Package): boolean => one.requires?.some((name) => cuda.has(keyOf(one.kind, name))) === true;
  return installed.filter((one) => !isPartOfCuda(one) && needsCuda(one)).map(({ name }) => name);
}
