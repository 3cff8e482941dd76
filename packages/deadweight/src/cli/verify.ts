import { type Command, Option } from "commander";
import type { Verification, VerifyOptions } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { repeatable } from "./delivery-options.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { addImageOptions, addProgressOptions, imageForms, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

interface VerifyFlags extends Omit<ImageFlags, "base"> {
  readonly static?: boolean;
  readonly changes?: string;
  readonly expect?: readonly string[];
  readonly rebuilt?: boolean;
  readonly require?: readonly string[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly config?: string;
  readonly service?: string;
  readonly engine?: string;
  readonly bandwidth?: string;
  readonly format: "table" | "json" | "markdown";
  readonly verbose?: boolean;
}

/** Adds `verify`, which says whether an image can take the place of another. */
export function addVerify(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("verify")
    .summary("whether a smaller image still is what the original was")
    .description(
      "Lays two images side by side and says of each check whether they are the same, differ, or could not be compared.",
    )
    .argument("<before>", imageForms)
    .argument("<after>", "the image that is to take its place, in the same forms");
  addCheckOptions(command, toolkit);
  addRunOptions(command);
  addImageOptions(command).option("--no-cache", "read every layer, whatever is known from earlier runs");
  addOutputOptions(command);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((before: string, after: string, flags: VerifyFlags) => choose(() => verify(before, after, flags, session, toolkit)));
}

function addCheckOptions(command: Command, { checks }: Toolkit): void {
  const names = checks.map(({ name }) => name).join(", ");
  command
    .optionsGroup("Checks:")
    .option("--static", "run the checks that need no container alone")
    .option("--changes <file>", "what `optimize --changes` wrote: these differences are expected, and no others")
    .addOption(
      repeatable(
        "--expect <glob>",
        "paths that may differ in any way: * is part of a name, ** any number of folders; repeatable",
      ),
    )
    .option("--rebuilt", "both were built from Dockerfiles: times of files, logs and what every build writes anew may differ")
    .addOption(repeatable("--require <check|gpu>", "fail when this check could not be run; gpu: those that use one; repeatable"))
    .addOption(repeatable("--only <check>", `these checks alone; repeatable: ${names}`).conflicts("skip"))
    .addOption(repeatable("--skip <check>", "leave a check out; repeatable"));
}

function addRunOptions(command: Command): void {
  command
    .optionsGroup("Running:")
    .option("--config <file>", "a deadweight.yaml: how the containers are run, and the probes that they must answer alike")
    .option("--service <name>", "which of its services the images are of, where it has several")
    .addOption(
      new Option("--engine <name>", "where containers run: what has the original, or answers").choices(["docker", "podman"]),
    )
    .option("--bandwidth <rate>", "measure how long pulls take that get so much: 100mbit, 1gbit, 12.5MB/s");
}

function addOutputOptions(command: Command): void {
  command
    .optionsGroup("Output:")
    .addOption(
      new Option("-f, --format <name>", "format on standard output").choices(["table", "json", "markdown"]).default("table"),
    )
    .option("-v, --verbose", "more of the differences");
}

const examples = `
Examples:
  deadweight verify my-service my-service:small --changes changes.json
  deadweight verify my-service my-service:small --config deadweight.yaml
  deadweight verify oci:before oci:after --static --expect 'var/log/**' -f json

Exit codes: 0 all same, 1 something differs or a required check was not run, 2 usage, 3 could not look, 70 a bug.`;

async function verify(before: string, after: string, flags: VerifyFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const options = verifyOptions(flags, session, toolkit);
  const display = createDisplay(mode, session);
  try {
    const verification = await toolkit.verify(before, after, { ...options, onProgress: display.show });
    display.close();
    const columns = terminalWidth(session.stdout, session.environment);
    const look = { verbose: flags.verbose === true, columns, colour: allowsColour(session.stdout, session.environment) };
    await write(session.stdout, toolkit.renderVerification(verification, flags.format, look));
    return exitCodeOf(verification);
  } finally {
    display.close();
  }
}

function verifyOptions(flags: VerifyFlags, session: Session, toolkit: Toolkit): VerifyOptions {
  const bitsPerSecond = bandwidthOf(flags.bandwidth);
  return {
    ...imageOptions(flags, session, toolkit),
    isStatic: flags.static === true,
    expect: flags.expect ?? [],
    isRebuilt: flags.rebuilt === true,
    require: known(flags.require ?? [], toolkit, ["gpu"]),
    ...(flags.changes === undefined ? {} : { changes: flags.changes }),
    ...(flags.only === undefined ? {} : { only: known(flags.only, toolkit) }),
    ...(flags.config === undefined ? {} : { config: flags.config }),
    ...(flags.service === undefined ? {} : { service: flags.service }),
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    ...(flags.skip === undefined ? {} : { skip: known(flags.skip, toolkit) }),
    ...(bitsPerSecond === undefined ? {} : { bitsPerSecond }),
  };
}

function known(names: readonly string[], { checks }: Toolkit, more: readonly string[] = []): readonly string[] {
  const all = [...checks.map(({ name }) => name), ...more];
  const wrong = names.find((name) => !all.includes(name));
  if (wrong === undefined) return names;
  throw new UserError("usage", `check ${wrong}: there is none of that name`, { hint: didYouMean(wrong, all), exitCode: 2 });
}

/** Nothing that was looked at is no success. */
function exitCodeOf({ passed, verdicts, missing }: Verification): number {
  if (passed) return 0;
  return missing.length > 0 || verdicts.some(({ verdict }) => verdict === "different") ? 1 : 3;
}
