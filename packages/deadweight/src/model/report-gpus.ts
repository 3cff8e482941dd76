/** What GPUs of one compute capability can do with the device code of an image. */
export interface ReportGpu {
  /** `6.1`. */
  readonly capability: string;
  /** As it was asked for, when it was called by its name. */
  readonly name?: string;
  /** Files with machine code for all that they have for it. */
  readonly cubin: number;
  /** Files of which it gets some as PTX alone, which the driver compiles when it is first used. */
  readonly ptx: number;
  /** Files that have nothing for it. */
  readonly none: number;
  /** The largest of those. */
  readonly without: readonly string[];
  /** Whether the PyTorch of the image has kernels for it. */
  readonly pytorch?: "cubin" | "ptx" | "none";
  /** An official wheel of PyTorch that has, when this one has not: `torch 2.8 for cu126`. */
  readonly pytorchInstead?: string;
}

/** A version of CUDA in an image. */
export interface ReportCuda {
  /** `12.4`. */
  readonly version: string;
  /** What says so: `nvidia-cuda-runtime-cu12 12.4.127`. */
  readonly sources: readonly string[];
  /** Whether the programs of the image load it, as far as packages tell. */
  readonly isUsed: boolean;
  /** The oldest driver for Linux that runs its machine code, and the one that compiles its PTX; absent where they are not known. */
  readonly minimumDriver?: string;
  readonly toolkitDriver?: string;
}

/** The PyTorch of an image. */
export interface ReportPytorch {
  readonly version: string;
  /** The CUDA that it was built for, where that is known: `12.4`. */
  readonly cuda?: string;
  /** What it has kernels for: `8.6`, `12.0+PTX`. */
  readonly capabilities: readonly string[];
  /** Measured in its library, or the list of the official wheels. */
  readonly basis: "device-code" | "table";
}

/** Which GPUs an image can serve, and what they need. */
export interface ReportGpus {
  /** Files with device code. */
  readonly files: number;
  /** The named GPUs; all that are known when none was named. Ascending. */
  readonly targets: readonly ReportGpu[];
  /** Whether they were named. */
  readonly isNamed: boolean;
  readonly cuda: readonly ReportCuda[];
  readonly pytorch?: ReportPytorch;
}
