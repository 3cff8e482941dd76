import { type Command, Option } from "commander";
import type { ProposingOptions } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { repeatable } from "./delivery-options.ts";
import { gpuOptions, gpusHelp } from "./gpu-options.ts";
import { imageOptions, type ImageFlags } from "./image-options.ts";
import type { Session, Toolkit } from "./session.ts";

/** What the options become that say which edits are tried. */
export interface EditFlags extends Pick<ImageFlags, "platform" | "insecure"> {
  /** False with `--no-edits`. */
  readonly edits: boolean;
  readonly level: ProposingOptions["level"];
  readonly fix?: readonly string[];
  readonly skip?: readonly string[];
  readonly gpus?: string;
  readonly cpu?: boolean;
  /** A deadweight.yaml, for its GPUs where none are named. */
  readonly config?: string;
}

/** Adds the options of `rewrite` that choose edits; all that can be verified are tried by default. */
export function addEditOptions(command: Command, { levels }: Toolkit): void {
  command
    .optionsGroup("Edits:")
    .option("--no-edits", "build and measure the original alone")
    .addOption(
      new Option("--level <level>", "edits that no program can tell, or those too that the verification has to confirm")
        .choices(levels)
        .default("verified"),
    )
    .addOption(repeatable("--fix <edit>", "these edits alone, whatever their level; repeatable"))
    .addOption(repeatable("--skip <edit>", "leave an edit out; repeatable"))
    .option("--gpus <list>", gpusHelp)
    .addOption(new Option("--cpu", "the image runs without a GPU").conflicts("gpus"));
}

/** What these flags mean to `proposeEdits`; nothing with `--no-edits`. Throws UserError, exit 2. */
export async function editOptions(flags: EditFlags, session: Session, toolkit: Toolkit): Promise<ProposingOptions | undefined> {
  if (!flags.edits) return undefined;
  const { fix, skip, gpus, config, level } = flags;
  return {
    ...imageOptions(flags, session, toolkit),
    ...(await gpuOptions({ ...(gpus === undefined ? {} : { gpus }), ...(config === undefined ? {} : { config }) }, toolkit)),
    ...(fix === undefined ? {} : { only: knownEdits(fix, toolkit) }),
    ...(skip === undefined ? {} : { skip: knownEdits(skip, toolkit) }),
    withoutGpu: flags.cpu === true,
    level,
  };
}

/** Throws UserError, exit 2, for the name of an edit that is none. */
export function knownEdits(names: readonly string[], { edits }: Toolkit): readonly string[] {
  const known = edits.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return names;
  throw new UserError("usage", `edit ${wrong}: there is none of that name`, { hint: didYouMean(wrong, known), exitCode: 2 });
}
