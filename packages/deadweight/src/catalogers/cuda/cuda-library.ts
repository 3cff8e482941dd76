// Names: `libcudnn.so.8.9.7`, `libcublasLt.so.12`, `libnvrtc-builtins.so.12.4`; auditwheel puts eight hexadecimal digits of the
// content's digest into those that it copies into a wheel, `libcudnn-a1b2c3d4.so.8`.
import { nvidiaPart } from "./nvidia-part.ts";

/** A library of CUDA by its file's name. */
export interface CudaLibrary {
  /** The common name, as `nvidiaPart` gives it to packages: `cudnn`. */
  readonly part: string;
  /** What the file's name says, `8.9.7` or `12`; empty for a bare `.so`. */
  readonly version: string;
}

/** Which files' names say that they are libraries of CUDA, cuDNN, NCCL or TensorRT: for the path of a `Want`. */
export const cudaLibraryPath: RegExp =
  /(?:^|\/)lib(?:cudart|cublas|cudnn|cufft|curand|cusolver|cusparse|cutensor|cufile|cupti|nccl|npp|nvblas|nvgraph|nvinfer|nvJitLink|nvjpeg|nvonnxparser|nvparsers|nvrtc|nvshmem|nvToolsExt)[^/]*\.so(?:\.\d+)*$/;

const fileName = /(?:^|\/)lib([A-Za-z]+(?:2k)?)([-_][^/]*)?\.so((?:\.\d+)*)$/;
/** Libraries of which one part has several: `libnppial.so`, `libcusolverMg.so`. */
const families: readonly (readonly [RegExp, string])[] = [
  [/^npp/, "npp"],
  [/^cutensor/, "cutensor"],
  [/^nvblas$/, "cublas"],
  [/^nvshmem/, "nvshmem"],
  [/^cufile/, "cufile"],
];

/** The library that a file is by its name; undefined for any other file. */
export function cudaLibrary(path: string): CudaLibrary | undefined {
  const [, stem = "", , version = ""] = cudaLibraryPath.test(path) ? (fileName.exec(path) ?? []) : [];
  if (stem === "") return undefined;
  const family = families.find(([names]) => names.test(stem))?.[1];
  const part = nvidiaPart({ kind: "dpkg", name: `lib${family ?? stem}`, paths: [] })?.part;
  return part === undefined ? undefined : { part, version: version.slice(1) };
}
