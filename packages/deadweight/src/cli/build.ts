import { type Command, Option } from "commander";
import type { BuildOptions, BuildSettings } from "../index.ts";
import { printable } from "../lib/printable.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { addEditOptions, editOptions, type EditFlags } from "./build-edits.ts";
import { addBuildOptions, buildSettings, type BuildFlags } from "./build-options.ts";
import { repeatable } from "./delivery-options.ts";
import { addProgressOptions, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

interface Flags extends BuildFlags, EditFlags, Pick<ImageFlags, "platform" | "insecure" | "progress" | "quiet"> {
  readonly tag?: string;
  readonly candidate?: string;
  readonly maxBuilds: string;
  readonly static?: boolean;
  readonly expect?: readonly string[];
  readonly require?: readonly string[];
  readonly skipCheck?: readonly string[];
  readonly config?: string;
  readonly service?: string;
  readonly engine?: string;
  readonly format: "table" | "json" | "markdown";
  readonly verbose?: boolean;
}

/** Adds `build`, which builds a Dockerfile and a smaller one and verifies that they give the same. */
export function addBuild(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("build")
    .summary("build a Dockerfile as it is and smaller, and verify that both give the same")
    .description(
      "Builds the Dockerfile as it is, measured; then a smaller one; and verifies that its image can take the other's place. Edits that break something are dropped.",
    )
    .argument("[context]", "the folder that is sent to the engine; that of the service, else .");
  addBuildOptions(command);
  addCandidateOptions(command);
  addEditOptions(command, toolkit);
  addVerifyingOptions(command);
  command
    .optionsGroup("Output:")
    .addOption(new Option("--format <name>", "format on standard output").choices(["table", "json", "markdown"]).default("table"))
    .option("-v, --verbose", "all steps, more of the differences");
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((context: string | undefined, flags: Flags) => choose(() => build(context, flags, session, toolkit)));
}

function addCandidateOptions(command: Command): void {
  command
    .optionsGroup("Candidate:")
    .option(
      "-t, --tag <name>",
      "what the smaller image is to be called one day; both are kept as NAME-original and NAME-candidate",
    )
    .option("--candidate <file>", "try this Dockerfile, in the place of edits that are worked out")
    .option("--max-builds <number>", "builds beside that of the original, at most", "12");
}

function addVerifyingOptions(command: Command): void {
  command
    .optionsGroup("Verification:")
    .option("--static", "run the checks that need no container alone")
    .addOption(repeatable("--expect <glob>", "paths that may differ in any way; repeatable"))
    .addOption(repeatable("--require <check|gpu>", "a check that must have been run; repeatable"))
    .addOption(repeatable("--skip-check <check>", "leave a check out; repeatable"))
    .option("--config <file>", "a deadweight.yaml: how the containers are run, and the probes that they must answer alike")
    .option("--service <name>", "which of its services it is: its context, Dockerfile and tag are taken from there too");
}

const examples = `
Examples:
  deadweight build .
  deadweight build . -t my-service:1.2 --config deadweight.yaml
  deadweight build --service stt --network host --fix pip-no-cache
  deadweight build . --candidate Dockerfile.optimized --static --format json

Exit codes: 0 fine, 1 the candidate or all edits fail, 2 usage, 3 could not look or the original can't be built, 70 a bug.`;

async function build(context: string | undefined, flags: Flags, session: Session, toolkit: Toolkit): Promise<number> {
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const options = buildOptions(flags, session, toolkit);
  const edits = flags.candidate === undefined ? await editOptions(flags, session, toolkit) : undefined;
  const display = createDisplay(mode, session);
  try {
    const onProgress = display.show;
    const propose = edits === undefined ? {} : { propose: toolkit.proposeEdits({ ...edits, onProgress }) };
    const { outcome, record } = await toolkit.build(context, { ...options, ...propose, onProgress });
    display.close();
    const columns = terminalWidth(session.stdout, session.environment);
    const look = { verbose: flags.verbose === true, columns, colour: allowsColour(session.stdout, session.environment) };
    await write(session.stdout, toolkit.renderBuild(outcome, flags.format, look));
    if (flags.quiet !== true) await write(session.stderr, `written: ${printable(record)}\n`);
    const isRefused = outcome.failure !== undefined || (outcome.edits.length > 0 && !outcome.passed);
    return isRefused ? 1 : 0;
  } finally {
    display.close();
  }
}

function buildOptions(flags: Flags, session: Session, toolkit: Toolkit): BuildOptions {
  const { platform: _, ...reading } = imageOptions(flags, session, toolkit);
  const settings: BuildSettings = buildSettings(flags, session, toolkit);
  return {
    ...reading,
    settings,
    isStatic: flags.static === true,
    expect: flags.expect ?? [],
    require: flags.require ?? [],
    mostBuilds: countOf(flags.maxBuilds),
    ...(flags.file === undefined ? {} : { file: flags.file }),
    ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    ...(flags.candidate === undefined ? {} : { candidate: flags.candidate }),
    ...(flags.skipCheck === undefined ? {} : { skip: flags.skipCheck }),
    ...(flags.config === undefined ? {} : { config: flags.config }),
    ...(flags.service === undefined ? {} : { service: flags.service }),
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
  };
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UserError("usage", `--max-builds ${text}: not a number from 1 to 9999`, { exitCode: 2 });
}
