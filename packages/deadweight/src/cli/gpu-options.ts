import type { GpuChoice } from "../index.ts";
import { UserError } from "../lib/user-error.ts";
import type { Toolkit } from "./session.ts";

/** What the options become that say which GPUs an image is for. */
export interface GpuFlags {
  readonly gpus?: string;
  /** A deadweight.yaml, for its GPUs where none are named. */
  readonly config?: string;
  readonly keepPtx?: GpuChoice["keepPtx"];
  readonly includeVendor?: boolean;
}

/** The help of `--gpus`. */
export const gpusHelp =
  "GPUs of all machines that run the image: names, 8.6 or sm_86, with commas; `deadweight gpus` lists names";

/** The help of `--config` where it gives nothing but GPUs. */
export const gpuConfigHelp = "a deadweight.yaml: its gpus, where --gpus names none";

/** What these flags mean to the verbs: nothing without GPUs. Throws UserError, exit 2. */
export async function gpuOptions(
  { gpus, config, keepPtx = "none", includeVendor = false }: GpuFlags,
  { parseGpus, configuredGpus }: Toolkit,
): Promise<{ readonly gpus?: GpuChoice }> {
  const configured = config === undefined ? undefined : await configuredGpus(config);
  const targets = gpus === undefined ? configured : parseGpus(gpus);
  if (targets !== undefined) return { gpus: { targets, keepPtx, includeVendor } };
  if (keepPtx === "none" && !includeVendor) return {};
  throw new UserError("usage", `${includeVendor ? "--include-vendor" : "--keep-ptx"}: no GPU was named`, {
    hint: "say with --gpus, or gpus in deadweight.yaml, which GPUs the image is for",
    exitCode: 2,
  });
}
