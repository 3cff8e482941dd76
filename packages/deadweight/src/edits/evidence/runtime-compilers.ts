// Reported breakages: pytorch #116696 and #170235 (gcc for Triton), dynamo #2301, oumi #2503 and kserve #4565 (nvcc for FlashInfer and
// sglang), llm-d #1386 (cuobjdump for DeepGEMM), roboflow #2502 (ptxas).
const withNvcc =
  /^(?:deepspeed|colossalai|vllm|sglang|sgl-kernel|lmdeploy|flashinfer.*|deep-gemm|tilelang|exllamav2|gsplat|nvdiffrast|pycuda)$/;

// They call ptxas, NVRTC or libNVVM, or read CUDA's headers, and no compiler of the distribution.
const withToolkit = /^(?:cupy(?:-.*)?|cudf.*|numba(?:-cuda)?|tensorflow|jax|jaxlib|tensorrt-llm|warp-lang)$/;
const withLauncher = /^(?:torch|pytorch|(?:pytorch-)?triton.*|torchaudio|torchvision|accelerate|bitsandbytes)$/;
const withGcc = /^(?:pythran|theano|aesara|pytensor|cppyy|pystan|cmdstanpy|pykeops)$/;

// Packages that load the CUDA libraries which the loader finds, not those of wheels: modelship #33.
const withSystemCuda = new RegExp(
  "^(?:onnxruntime-(?:gpu|training)|ctranslate2|faster-whisper|whisperx|cupy(?:-.*)?|(?:torch-)?tensorrt(?:-.*)?|tensorflow(?:-gpu)?|vllm|sglang|" +
    "flashinfer.*|deepspeed|tilelang|gsplat|nvdiffrast|pycuda|llama-cpp-python|mxnet.*|paddlepaddle-gpu|dlib|numba.*|bitsandbytes|" +
    "flash-attn|faiss-gpu.*|nvidia-dali.*|cudf.*|cuml.*|cugraph.*|catboost|warp-lang|mmcv.*|detectron2|opencv-contrib.*cuda.*)$",
);

/** Frameworks whose wheels bring CUDA's libraries with them. */
export const bringsCuda: RegExp = /^(?:torch|torchaudio|torchvision|nvidia-cuda-runtime-cu\d+)$/;

/** `launcher`: gcc for Triton, by which torch.compile works. `nvcc`: CUDA's compiler with gcc or g++. `toolkit`: CUDA's tools or headers alone. */
export type RuntimeCompiler = "gcc" | "launcher" | "nvcc" | "toolkit";

/** What a Python package compiles with when it runs, judged by its name. */
export function runtimeCompiler(name: string): RuntimeCompiler | undefined {
  if (withNvcc.test(name)) return "nvcc";
  if (withToolkit.test(name)) return "toolkit";
  return withLauncher.test(name) ? "launcher" : withGcc.test(name) ? "gcc" : undefined;
}

/** Whether a Python package loads the CUDA libraries of the system, judged by its name. */
export function loadsSystemCuda(name: string): boolean {
  return withSystemCuda.test(name);
}
