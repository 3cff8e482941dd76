// Names: NVIDIA's repositories for Ubuntu and RHEL (CUDA Installation Guide for Linux, "Meta packages"), its wheels on PyPI
// (`nvidia-cublas-cu12`, from CUDA 13 on `nvidia-cublas`), the conda channels nvidia and conda-forge.
import type { Package } from "../../contracts/cataloger.ts";

/** A part of CUDA or one of its libraries. `part` is the same word however it came: `cublas`, `cudnn`, `nvrtc`. */
export interface NvidiaPart {
  readonly origin: "toolkit" | "wheel" | "conda";
  /** Headers and static libraries are a part of their own, `cublas-dev`, where a package has them alone. */
  readonly part: string;
}

/** Names without `lib`, `cuda-` and version, to the common name of what they hold. */
const commonNames: Readonly<Record<string, string>> = {
  cublaslt: "cublas",
  cufftw: "cufft",
  cusolvermg: "cusolver",
  "cudnn-jit": "cudnn",
  nvinfer: "tensorrt",
  nvonnxparser: "tensorrt",
  nvonnxparsers: "tensorrt",
  nvparsers: "tensorrt",
  nvtoolsext: "nvtx",
  cuinj: "cupti",
  "gds-tools": "cufile",
  cuda: "toolkit",
  cudatoolkit: "toolkit",
  "nvidia-cuda": "toolkit",
};

/** Libraries and tools that are NVIDIA's whatever prefix they have. */
const libraries = new Set(
  (
    "cudart cublas cublasmp cudnn cufft cufftmp curand cusolver cusolvermp cusparse cusparselt cutensor cutensormg nccl nvrtc " +
    "nvjitlink nvjpeg nvjpeg2k npp nvtx cupti cufile cudla cudss nvfatbin nvshmem nvvm nvptxcompiler nvcomp nvblas nvgraph nvml " +
    "tensorrt cccl nvcc toolkit"
  ).split(" "),
);

/** NVIDIA's Python bindings, as wheels and in conda. */
const bindings = new Set(["cuda-python", "cuda-bindings", "cuda-pathfinder"]);

/** The part of CUDA that a package is; undefined for what is not NVIDIA's, or is NVIDIA's and no part of CUDA. */
export function nvidiaPart(owner: Package): NvidiaPart | undefined {
  const name = owner.name.toLowerCase();
  if (owner.kind === "cuda") return { origin: originOf(owner.origin), part: name };
  if (owner.kind === "python") return found("wheel", wheelPart(name));
  if (owner.kind === "conda") return found("conda", systemPart(name));
  return owner.kind === "dpkg" || owner.kind === "rpm" ? found("toolkit", driverPart(name) ?? systemPart(name)) : undefined;
}

function found(origin: NvidiaPart["origin"], part: string | undefined): NvidiaPart | undefined {
  return part === undefined ? undefined : { origin, part };
}

function originOf(text: string | undefined): NvidiaPart["origin"] {
  return text === "wheel" || text === "conda" ? text : "toolkit";
}

function wheelPart(name: string): string | undefined {
  if (bindings.has(name)) return "cuda-python";
  if (/^tensorrt(?:-(?:lean|dispatch))?(?:-cu\d+)?(?:-(?:libs|bindings))?$/.test(name)) return "tensorrt";
  const [, stem = "", suffix] = /^nvidia-(.+?)(-cu\d+)?$/.exec(name) ?? [];
  // `cuda-runtime` is the library in a wheel; in a distribution it is a list of packages.
  const part = stem === "cuda-runtime" ? "cudart" : commonName(stem.replace(/^lib/, ""));
  // Without `-cu12` a wheel is CUDA's from version 13 on, or something else of NVIDIA's, such as nvidia-ml-py.
  return stem !== "" && (suffix !== undefined || libraries.has(part) || stem.startsWith("cuda-")) ? part : undefined;
}

function driverPart(name: string): string | undefined {
  if (/^(?:lib)?nvidia-container/.test(name)) return "container-toolkit";
  return /^(?:cuda-drivers|(?:lib|xserver-xorg-video-|kmod-)?nvidia-(?!cuda))/.test(name) ? "driver" : undefined;
}

function systemPart(qualified: string): string | undefined {
  // `:amd64` tells two architectures of a dpkg package apart; conda-forge has `cuda-nvcc_linux-64`.
  const name = qualified.replace(/:[a-z0-9-]+$|_linux-\w+$/, "");
  if (bindings.has(name)) return "cuda-python";
  const nsight = /^(?:cuda-)?(nsight-(?:compute|systems))/.exec(name)?.[1];
  if (nsight !== undefined) return nsight;
  const development = /-(?:dev|devel|static|headers)(?![a-z])/.test(name) ? "-dev" : "";
  const stem = withoutVersion(name.replaceAll(/-(?:dev|devel|static|headers|libs)(?![a-z])/g, ""));
  const part = commonName(stem.replace(/^(?:python3?-)?lib/, ""));
  return /^(?:nvidia-)?cuda-/.test(stem) || libraries.has(part) ? part + development : undefined;
}

/** `libcublas-12-4`, `libcudnn9-cuda-12`, `cuda-toolkit-12-4-config-common`, `libcudart11.0`, `libcuinj64-11.5`. */
function withoutVersion(name: string): string {
  const bare = name.replace(/-cuda-\d+(?:-\d+)?$/, "").replace(/(?<=[a-z]\d*)-\d+(?:[.-]\d+)*(?=-|$)/, "");
  return bare.replace(/(?<=[a-z])\d+(?:\.\d+)*$/, "");
}

function commonName(stem: string): string {
  const bare = stem.replace(/^(?:nvidia-)?cuda-/, "").replace(/^(nvinfer|tensorrt)-.*$/, "$1");
  return commonNames[bare] ?? bare;
}
