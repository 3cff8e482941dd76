import { type Command, Option } from "commander";
import type { BuildSettings } from "../index.ts";
import { UserError } from "../lib/user-error.ts";
import { repeatable } from "./delivery-options.ts";
import { imageOptions, type ImageFlags } from "./image-options.ts";
import type { Session, Toolkit } from "./session.ts";

/** What the options become that say how an image is built. */
export interface BuildFlags extends Pick<ImageFlags, "platform"> {
  readonly file?: string;
  readonly builder: BuildSettings["builder"];
  readonly network?: string;
  readonly buildArg?: readonly string[];
  readonly target?: string;
  readonly label?: readonly string[];
  readonly fresh?: boolean;
}

/** Adds the options that `docker build` has too. */
export function addBuildOptions(command: Command): void {
  command
    .optionsGroup("Build:")
    .option("-f, --file <file>", "the Dockerfile; CONTEXT/Dockerfile when absent")
    .addOption(
      new Option("--builder <name>", "which of the engine's builders")
        .choices(["auto", "buildkit", "legacy"])
        .default("auto", "buildkit where there is one"),
    )
    .option("--network <mode>", "of RUN steps: host, none, or what the engine has")
    .addOption(
      repeatable("--build-arg <name=value>", "a value for ARG; the name alone takes it from the environment; repeatable"),
    )
    .option("--target <stage>", "the stage to build")
    .addOption(repeatable("--label <name=value>", "a label for the image; repeatable"))
    .option("--platform <os/arch[/variant]>", "of the image; the engine's own when absent")
    .option("--fresh", "run every step, whatever the builder has in its cache")
    .addOption(new Option("--engine <name>", "which engine builds and runs").choices(["docker", "podman"]));
}

/** What these flags mean to the verbs. Throws UserError, exit 2. */
export function buildSettings(flags: BuildFlags, session: Session, toolkit: Toolkit): BuildSettings {
  const { platform } = imageOptions(flags, session, toolkit);
  return {
    builder: flags.builder,
    args: pairs(flags.buildArg ?? [], "--build-arg", session.environment),
    labels: pairs(flags.label ?? [], "--label"),
    freshly: flags.fresh === true,
    ...(flags.network === undefined ? {} : { network: flags.network }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** `NAME=VALUE`; of `NAME` alone the variable's value, and nothing where it is not set, as `docker build` has it. */
function pairs(
  values: readonly string[],
  option: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Readonly<Record<string, string>> {
  const found = values.flatMap((text): [string, string][] => {
    const [, name = "", value] = /^([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === "") throw new UserError("usage", `${option} ${text}: write NAME=VALUE`, { exitCode: 2 });
    const known = value ?? (option === "--label" ? "" : environment[name]);
    return known === undefined ? [] : [[name, known]];
  });
  return Object.fromEntries(found);
}
