import { type Command, Option } from "commander";
import type { AnalyzeOptions } from "../index.ts";
import { UserError } from "../lib/user-error.ts";
import { progressModes, type ProgressMode } from "./progress/create-display.ts";
import type { Environment, Session, Toolkit } from "./session.ts";

/** What the options become that say which image is read, and how. */
export interface ImageFlags {
  readonly platform?: string;
  readonly base?: string;
  readonly cache?: boolean;
  /** `true` when one of them named no host. */
  readonly insecure?: readonly string[] | true;
  readonly progress?: ProgressMode;
  readonly quiet?: boolean;
}

/** What an image may be called, for the help. */
export const imageForms: string =
  "docker:NAME, podman:NAME, docker://HOST/NAME:TAG, docker-archive:FILE, oci:FOLDER[:TAG], oci-archive:FILE, or just a name or file";

/** Adds the options of every command that reads an image; `also` says what else a platform may be. */
export function addImageOptions(command: Command, also = ""): Command {
  return command
    .optionsGroup("Image:")
    .option("--platform <os/arch[/variant]>", `which image of an index; DOCKER_DEFAULT_PLATFORM, else this machine's${also}`)
    .addOption(insecureOption("before the image"));
}

/** The option that names registries that are spoken to without TLS; `before` says where its host can't be told from what follows. */
export function insecureOption(before: string): Option {
  return new Option(
    "--insecure [host]",
    `speak plain HTTP, or TLS that is not checked, to a registry, without HOST to all; ${before} write --insecure=HOST; repeatable`,
  ).argParser((host: string, earlier: readonly string[] | true | undefined) =>
    earlier === true ? earlier : [...(earlier ?? []), host],
  );
}

/** Adds the options of a command that may use what is known of layers and of the base image. */
export function addEvidenceOptions(command: Command): Command {
  return command
    .option("--base <image>", "the image that this one was built on, to tell its layers from your own")
    .option("--no-cache", "read every layer, whatever is known from earlier runs");
}

/** Adds the options that say how progress is shown. */
export function addProgressOptions(command: Command): Command {
  return command
    .optionsGroup("Progress:")
    .addOption(new Option("--progress <mode>", "on standard error; DEADWEIGHT_PROGRESS, else auto").choices(progressModes))
    .option("-q, --quiet", "no progress: the same as --progress quiet");
}

type ImageOptions = Pick<AnalyzeOptions, "environment" | "signal" | "cache" | "insecure" | "platform" | "base">;

/** What these flags mean to the verbs. Throws UserError, exit 2. */
export function imageOptions(flags: ImageFlags, { environment, signal }: Session, toolkit: Toolkit): ImageOptions {
  const platform = platformOf(flags.platform, environment, toolkit);
  return {
    environment,
    signal,
    insecure: flags.insecure ?? [],
    ...(flags.cache === undefined ? {} : { cache: flags.cache }),
    ...(platform === undefined ? {} : { platform }),
    ...(flags.base === undefined ? {} : { base: flags.base }),
  };
}

function platformOf(flag: string | undefined, environment: Environment, { parsePlatform }: Toolkit): AnalyzeOptions["platform"] {
  const text = flag ?? (environment["DOCKER_DEFAULT_PLATFORM"] || undefined);
  const platform = text === undefined ? undefined : parsePlatform(text);
  if (text === undefined || platform !== undefined) return platform;
  throw new UserError("usage", `platform ${text}: not of the form os/architecture[/variant]`, {
    hint: "write for instance linux/amd64 or linux/arm/v7",
    exitCode: 2,
  });
}
