import type { GpuChoice } from "../index.ts";
import { UserError } from "../lib/user-error.ts";
import type { Toolkit } from "./session.ts";

/** What the options become that say which GPUs an image is for. */
export interface GpuFlags {
  readonly gpus?: string;
  readonly keepPtx?: GpuChoice["keepPtx"];
  readonly includeVendor?: boolean;
}

/** The help of `--gpus`. */
export const gpusHelp =
  "GPUs of all machines that run the image: names, 8.6 or sm_86, with commas; `deadweight gpus` lists names";

/** What these flags mean to the verbs: nothing without `--gpus`. Throws UserError, exit 2. */
export function gpuOptions(
  { gpus, keepPtx = "none", includeVendor = false }: GpuFlags,
  { parseGpus }: Toolkit,
): { readonly gpus?: GpuChoice } {
  if (gpus !== undefined) return { gpus: { targets: parseGpus(gpus), keepPtx, includeVendor } };
  if (keepPtx === "none" && !includeVendor) return {};
  throw new UserError("usage", `${includeVendor ? "--include-vendor" : "--keep-ptx"}: no GPU was named`, {
    hint: "say with --gpus which GPUs the image is for",
    exitCode: 2,
  });
}
