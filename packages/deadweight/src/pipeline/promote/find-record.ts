import { basename, dirname } from "node:path";
import { realpath } from "node:fs/promises";
import type { EngineOptions } from "../../engine/connect-engine.ts";
import { fileError } from "../../lib/file-error.ts";
import { UserError } from "../../lib/user-error.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import { stateFolderOf } from "../build/build-files.ts";
import { recordFiles, type RecordFiles } from "../build/records.ts";
import { chooseService } from "../run-settings.ts";

/** Which record is meant, and what may be used. */
export interface PromotionOptions extends EngineOptions {
  /** A service of the configuration; not needed where it has only one. */
  readonly service?: string;
  /** `deadweight.yaml` when absent. */
  readonly config?: string;
  /** A Dockerfile, in the place of a service. */
  readonly dockerfile?: string;
  /** Told of what takes its time. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Told after each step that a stop can't undo. */
  readonly onStep?: (step: string) => void | Promise<void>;
}

/** Where the record of a service or of a Dockerfile is. Throws UserError. */
export async function findRecord({ service, config = "deadweight.yaml", dockerfile }: PromotionOptions): Promise<RecordFiles> {
  if (dockerfile !== undefined) {
    if (service !== undefined) {
      const hint = "give one of them";
      throw new UserError("usage", `service ${service} and Dockerfile ${dockerfile}: both were named`, { hint, exitCode: 2 });
    }
    const real = await realpath(dockerfile).catch((error: unknown) => {
      throw fileError(error, `could not read ${dockerfile}`);
    });
    return recordFiles(stateFolderOf(dirname(real)), basename(real));
  }
  const { name = "" } = await chooseService({ config, ...(service === undefined ? {} : { service }) });
  return recordFiles(stateFolderOf(dirname(config)), name);
}
