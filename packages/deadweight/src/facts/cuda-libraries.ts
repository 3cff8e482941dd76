import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/** How a library got into the image: NVIDIA's packages, wheels (its own, or inside PyTorch's), conda. */
export type CudaPlace = "toolkit" | "wheel" | "conda";

/** A visible name of a library of CUDA or cuDNN, a file or a link. */
export interface CudaLibrary {
  readonly entry: number;
  /** As programs ask for it: `libcublas.so.12`. */
  readonly soname: string;
  /** `libcublas`. */
  readonly stem: string;
  readonly place: CudaPlace;
  /** The folder of the toolkit, of wheels, or of the conda environment. */
  readonly home: ByteString;
}

const stems =
  "cudart|cublas|cublasLt|nvblas|cudnn(?:_[a-z0-9_]+)?|cufft|cufftw|curand|cusolver|cusolverMg|cusparse|cusparseLt|cutensor|" +
  "nccl|nvrtc|nvrtc-builtins|nvJitLink|nvjpeg|npp[a-z]*|cupti|nvToolsExt|nvshmem_host|cufile|cufile_rdma|nvfatbin";
const libraryName = new RegExp(`^(lib(?:${stems}))\\.so\\.(\\d+)(?:\\.\\d+)*$`);

const homes: readonly (readonly [CudaPlace, RegExp])[] = [
  ["wheel", /^(.*\/(?:site|dist)-packages\/(?:nvidia|torch))\/(?:.+\/)?lib\/[^/]+$/],
  ["toolkit", /^(usr\/local\/cuda[^/]*)\/(?:.+\/)?lib(?:64)?\/[^/]+$/],
  ["toolkit", /^(usr\/lib(?:64|\/[^/]+-linux-gnu))\/[^/]+$/],
  ["conda", /^(.*(?:conda\d?|miniforge\d?|mambaforge|micromamba)(?:\/envs\/[^/]+)?)\/(?:targets\/[^/]+\/)?lib\/[^/]+$/],
];

/** All visible libraries of CUDA and cuDNN at places where NVIDIA's packages, wheels and conda put them. */
export const cudaLibraries: Fact<readonly CudaLibrary[]> = defineFact("cuda-libraries", (facts: Facts) => {
  const tree = facts.get(fileTree);
  return [...tree.all()].flatMap((entry) => cudaLibrary(tree, entry) ?? []);
});

function cudaLibrary(tree: FileTree, entry: number): CudaLibrary | undefined {
  const [, stem, major] = libraryName.exec(tree.paths.name(tree.nodeOf(entry))) ?? [];
  if (stem === undefined || major === undefined || tree.type(entry) === "directory") return undefined;
  const path = tree.path(entry);
  for (const [place, expression] of homes) {
    const home = expression.exec(path)?.[1];
    if (home !== undefined) return { entry, soname: `${stem}.so.${major}`, stem, place, home };
  }
  return undefined;
}
