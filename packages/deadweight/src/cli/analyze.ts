import { type Command, Option } from "commander";
import type { AnalyzeOptions } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { addDeliveryOptions, gatesOf, repeatable, type DeliveryFlags } from "./delivery-options.ts";
import { deliverReport } from "./deliver-report.ts";
import { outputFiles } from "./output-files.ts";
import { createDisplay, progressMode, progressModes, type ProgressMode } from "./progress/create-display.ts";
import type { Environment, Session, Toolkit, Work } from "./session.ts";

interface AnalyzeFlags extends DeliveryFlags {
  readonly platform?: string;
  readonly base?: string;
  readonly cache: boolean;
  /** `true` when one of them named no host. */
  readonly insecure?: readonly string[] | true;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly progress?: ProgressMode;
  readonly quiet?: boolean;
}

/** Adds `analyze`, the main command. */
export function addAnalyze(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("analyze")
    .alias("analyse")
    .summary("where the bytes are, what is dead weight, what each remedy would save")
    .description("Reads an image once, without running it, and says where every byte is and what of it is dead weight.")
    .argument(
      "<image>",
      "docker:NAME, podman:NAME, docker://HOST/NAME:TAG, docker-archive:FILE, oci:FOLDER[:TAG], oci-archive:FILE, or just a name or file",
    );
  addImageOptions(command);
  addDeliveryOptions(command, toolkit);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((image: string, flags: AnalyzeFlags) => choose(() => analyze(image, flags, session, toolkit)));
}

function addImageOptions(command: Command): void {
  command
    .optionsGroup("Image:")
    .option("--platform <os/arch[/variant]>", "which image of an index; DOCKER_DEFAULT_PLATFORM, else this machine's")
    .option("--base <image>", "the image that this one was built on, to tell its layers from your own")
    .addOption(
      new Option(
        "--insecure [host]",
        "speak plain HTTP, or TLS that is not checked, to a registry, without HOST to all; before the image write --insecure=HOST; repeatable",
      ).argParser((host: string, before: readonly string[] | true | undefined) =>
        before === true ? before : [...(before ?? []), host],
      ),
    )
    .option("--no-cache", "read every layer, whatever is known from earlier runs")
    .optionsGroup("Rules:")
    .addOption(
      repeatable("--only <rule>", "run these rules alone; repeatable, `deadweight explain` lists them").conflicts("skip"),
    )
    .addOption(repeatable("--skip <rule>", "leave a rule out; repeatable"));
}

function addProgressOptions(command: Command): void {
  command
    .optionsGroup("Progress:")
    .addOption(new Option("--progress <mode>", "on standard error; DEADWEIGHT_PROGRESS, else auto").choices(progressModes))
    .option("-q, --quiet", "no progress: the same as --progress quiet");
}

const examples = `
Examples:
  deadweight analyze pytorch/pytorch:latest
  deadweight analyze docker://registry.example/me/app:1 --platform linux/arm64 -v
  deadweight analyze oci:build/image -o json=report.json -o markdown=summary.md
  deadweight analyze my-service --budget compressed=2GB --fail-on lossless

Exit codes: 0 fine, 1 a gate failed, 2 usage, 3 could not look, 70 a bug.`;

async function analyze(image: string, flags: AnalyzeFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const gates = gatesOf(flags, toolkit);
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const options = analyzeOptions(flags, session, toolkit);
  const files = await outputFiles(flags.output ?? [], toolkit.formats);
  const display = createDisplay(mode, session);
  try {
    const report = await toolkit.analyze(image, { ...options, onProgress: display.show });
    display.close();
    return await deliverReport({ report, flags, files, gates }, session, toolkit);
  } finally {
    display.close();
  }
}

function analyzeOptions(flags: AnalyzeFlags, { environment, signal }: Session, toolkit: Toolkit): AnalyzeOptions {
  const platform = platformOf(flags.platform, environment, toolkit);
  return {
    environment,
    signal,
    cache: flags.cache,
    insecure: flags.insecure ?? [],
    ...(platform === undefined ? {} : { platform }),
    ...(flags.base === undefined ? {} : { base: flags.base }),
    ...(flags.only === undefined ? {} : { only: knownRules(flags.only, toolkit) }),
    ...(flags.skip === undefined ? {} : { skip: knownRules(flags.skip, toolkit) }),
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

function knownRules(names: readonly string[], { rules }: Toolkit): readonly string[] {
  const known = rules.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return names;
  throw new UserError("usage", `rule ${wrong}: there is none of that name`, { hint: didYouMean(wrong, known), exitCode: 2 });
}
