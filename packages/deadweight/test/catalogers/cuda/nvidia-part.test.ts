import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nvidiaPart } from "../../../src/catalogers/cuda/nvidia-part.ts";
import type { ComponentKind } from "../../../src/model/report.ts";

function partOf(kind: ComponentKind, name: string): string | undefined {
  const found = nvidiaPart({ kind, name, paths: [] });
  return found && `${found.origin} ${found.part}`;
}

/** Names from NVIDIA's apt and yum repositories, Debian non-free, PyPI and conda, each with what it holds. */
const parts: readonly (readonly [kind: ComponentKind, part: string, names: string])[] = [
  ["dpkg", "toolkit cublas", "libcublas-12-4 libcublas10 cuda-cublas-10-0 libcublas-12-4:amd64"],
  ["dpkg", "toolkit cublas-dev", "libcublas-dev-12-4 libcublas-dev"],
  ["dpkg", "toolkit cudnn", "libcudnn8 libcudnn7 libcudnn9-cuda-12"],
  ["dpkg", "toolkit cudnn-dev", "libcudnn8-dev libcudnn9-dev-cuda-12 libcudnn9-headers-cuda-13 libcudnn9-static-cuda-12"],
  ["dpkg", "toolkit nccl", "libnccl2"],
  ["dpkg", "toolkit nccl-dev", "libnccl-dev"],
  ["dpkg", "toolkit cudart", "cuda-cudart-12-4 libcudart11.0"],
  ["dpkg", "toolkit nvrtc", "cuda-nvrtc-12-4"],
  ["dpkg", "toolkit npp", "libnpp-12-4 cuda-npp-10-0"],
  ["dpkg", "toolkit cusparse", "libcusparse-12-4"],
  ["dpkg", "toolkit cusparselt", "libcusparselt0"],
  ["dpkg", "toolkit nvjitlink", "libnvjitlink-12-4"],
  ["dpkg", "toolkit tensorrt", "libnvinfer8 libnvinfer-plugin10 libnvonnxparsers8 tensorrt-libs python3-libnvinfer"],
  ["dpkg", "toolkit tensorrt-dev", "libnvinfer-dev libnvinfer-headers-plugin-dev"],
  ["dpkg", "toolkit compat", "cuda-compat-12-4"],
  ["dpkg", "toolkit nvcc", "cuda-nvcc-12-4"],
  ["dpkg", "toolkit nsight-compute", "nsight-compute-2024.1.1 cuda-nsight-compute-12-4"],
  ["dpkg", "toolkit toolkit", "cuda-toolkit-12-4 cuda nvidia-cuda-toolkit"],
  ["dpkg", "toolkit cupti", "cuda-cupti-12-4 libcuinj64-11.5"],
  ["dpkg", "toolkit driver", "libnvidia-compute-535 nvidia-utils-535 cuda-drivers-550"],
  ["dpkg", "toolkit container-toolkit", "libnvidia-container1 nvidia-container-toolkit-base"],
  ["rpm", "toolkit cublas-dev", "libcublas-devel-12-4"],
  ["rpm", "toolkit cudnn", "libcudnn9-cuda-12"],
  ["python", "wheel cublas", "nvidia-cublas-cu12 nvidia-cublas-cu11 nvidia-cublas"],
  ["python", "wheel cudnn", "nvidia-cudnn-cu12"],
  ["python", "wheel cudart", "nvidia-cuda-runtime-cu12 nvidia-cuda-runtime"],
  ["python", "wheel nvrtc", "nvidia-cuda-nvrtc-cu12"],
  ["python", "wheel cupti", "nvidia-cuda-cupti-cu12"],
  ["python", "wheel nccl", "nvidia-nccl-cu12 nvidia-nccl-cu13"],
  ["python", "wheel nvshmem", "nvidia-nvshmem-cu12"],
  ["python", "wheel cusparselt", "nvidia-cusparselt-cu12"],
  ["python", "wheel nvcomp", "nvidia-libnvcomp-cu12"],
  ["python", "wheel tensorrt", "tensorrt tensorrt-cu12 tensorrt-cu12-libs tensorrt-bindings nvidia-tensorrt"],
  ["python", "wheel cuda-python", "cuda-python cuda-bindings"],
  ["conda", "conda toolkit", "cudatoolkit cuda-toolkit"],
  ["conda", "conda cudnn", "cudnn"],
  ["conda", "conda cublas", "libcublas"],
  ["conda", "conda cudart", "cuda-cudart"],
  ["conda", "conda cudart-dev", "cuda-cudart-static_linux-64"],
  ["conda", "conda nccl", "nccl"],
];

suite("NVIDIA's packages", () => {
  for (const [kind, part, names] of parts) {
    for (const name of names.split(" ")) test(`${kind} ${name} is ${part}`, () => assert.equal(partOf(kind, name), part));
  }
});

suite("other packages", () => {
  const others: readonly (readonly [kind: ComponentKind, names: string])[] = [
    ["dpkg", "libc6 libcurl4 libcub-dev libthrust-dev python3-numpy libnvme1 cudatext"],
    ["python", "torch numpy cupy-cuda12x nvidia-ml-py nvidia-dali-cuda120 nvidia-modelopt tensorrt-llm triton"],
    ["conda", "pytorch pytorch-cuda cupy nvidia-ml-py"],
    ["npm", "nvidia-cublas-cu12"],
    ["application", "cudnn"],
  ];
  for (const [kind, names] of others) {
    for (const name of names.split(" ")) test(`${kind} ${name} is none`, () => assert.equal(partOf(kind, name), undefined));
  }
});

test("a part that was found by its path keeps its origin and name", () => {
  assert.deepEqual(nvidiaPart({ kind: "cuda", name: "cudnn", origin: "wheel", paths: [] }), { origin: "wheel", part: "cudnn" });
});
