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

/** What these flags mean to the verbs. Throws UserError, exit 2. */
export function gpuChoice({ gpus = "", keepPtx = "none", includeVendor }: GpuFlags, { parseGpus }: Toolkit): GpuChoice {
  const targets = parseGpus(gpus);
  if (targets.length === 0) throw new UserError("usage", "--gpus: no GPU was named", { exitCode: 2 });
  return { targets, keepPtx, includeVendor: includeVendor === true };
}
