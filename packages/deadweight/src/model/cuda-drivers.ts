// Source: NVIDIA's CUDA Toolkit release notes, tables "CUDA Toolkit and Minimum Required Driver Version for CUDA Minor Version
// Compatibility" and "CUDA Toolkit and Corresponding Driver Versions", for Linux.

/** Versions of NVIDIA's driver for Linux that matter to a version of CUDA; absent where they are not known. */
export interface CudaDrivers {
  /** The oldest that runs machine code of this major version. */
  readonly minimum?: string;
  /** The one that the toolkit came with: no older one compiles its PTX, or has all of its functions. */
  readonly toolkit?: string;
}

const minimums: Readonly<Record<string, string>> = { "11": "450.80.02", "12": "525.60.13", "13": "580.65.06" };
const ofToolkits: Readonly<Record<string, string>> = {
  "11.8": "520.61.05",
  "12.0": "525.60.13",
  "12.1": "530.30.02",
  "12.4": "550.54.14",
  "12.5": "555.42.02",
  "12.6": "560.28.03",
  "12.8": "570.26",
  "12.9": "575.51.03",
  "13.0": "580.65.06",
  "13.1": "590.44.01",
};

/** The drivers of a version of CUDA, `12.4`. */
export function cudaDrivers(version: string): CudaDrivers {
  const minimum = minimums[version.split(".")[0] ?? ""];
  const toolkit = ofToolkits[version];
  return { ...(minimum === undefined ? {} : { minimum }), ...(toolkit === undefined ? {} : { toolkit }) };
}
