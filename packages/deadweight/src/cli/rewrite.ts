import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Command, Option } from "commander";
import type { DockerfileRewrite, RewriteFormat, RewriteOptions } from "../index.ts";
import { printable } from "../lib/printable.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { knownEdits } from "./build-edits.ts";
import { repeatable } from "./delivery-options.ts";
import { gpuConfigHelp, gpuOptions, gpusHelp, type GpuFlags } from "./gpu-options.ts";
import { addEvidenceOptions, addImageOptions, addProgressOptions, imageOptions, type ImageFlags } from "./image-options.ts";
import { outputFiles } from "./output-files.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";
import { checkWritable, writeAside, writeNew } from "./write-aside.ts";

interface RewriteFlags extends ImageFlags, GpuFlags {
  readonly image?: string;
  readonly context?: string;
  readonly target?: string;
  readonly buildArg?: readonly string[];
  readonly cpu?: boolean;
  readonly fix?: readonly string[];
  readonly skip?: readonly string[];
  readonly level: RewriteOptions["level"];
  /** `true` without a file. */
  readonly write?: string | true;
  readonly force?: boolean;
  readonly check?: boolean;
  readonly format: RewriteFormat;
  readonly output?: readonly string[];
}

/** Adds `rewrite`, which makes a Dockerfile smaller. */
export function addRewrite(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("rewrite")
    .summary("a smaller Dockerfile: a minimal diff, each hunk with the bytes that it saves")
    .description(
      "Reads a Dockerfile, and the image that it gave as evidence, and prints a diff that makes it smaller. Builds nothing.",
    )
    .argument("<dockerfile>", "the Dockerfile; it stays as it is");
  addBuildOptions(command);
  addEditOptions(command, toolkit);
  addEvidenceOptions(addImageOptions(command));
  addResultOptions(command, toolkit);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((file: string, flags: RewriteFlags) => choose(() => rewrite(file, flags, session, toolkit)));
}

function addBuildOptions(command: Command): void {
  command
    .optionsGroup("Evidence:")
    .option("--image <image>", "the image that this Dockerfile gave: what changes save is measured in it, else estimated")
    .option("--context <folder>", "the folder that the build sends; else that of the Dockerfile")
    .option("--target <stage>", "the stage that is shipped, by name or number; else the last")
    .addOption(repeatable("--build-arg <name=value>", "a build argument; repeatable"))
    .option("--gpus <list>", gpusHelp)
    .option("--config <file>", gpuConfigHelp)
    .addOption(new Option("--cpu", "the image runs without a GPU").conflicts("gpus"));
}

function addEditOptions(command: Command, { edits, levels }: Toolkit): void {
  const names = edits.map(({ name }) => name).join(", ");
  command
    .optionsGroup("Edits:")
    .addOption(
      new Option("--level <level>", "edits that no program can tell, or those too that a build and `verify` have to confirm")
        .choices(levels)
        .default("lossless"),
    )
    .addOption(repeatable("--fix <edit>", `these edits alone, whatever their level; repeatable: ${names}`))
    .addOption(repeatable("--skip <edit>", "leave an edit out; repeatable"));
}

function addResultOptions(command: Command, { rewriteFormats }: Toolkit): void {
  command
    .optionsGroup("Output:")
    .addOption(
      new Option("-f, --format <name>", "format on standard output")
        .choices(rewriteFormats.map(({ name }) => name))
        .default("diff"),
    )
    .addOption(
      repeatable("-o, --output <format=file>", "write it to a file as well; FILE alone: its ending tells the format; repeatable"),
    )
    .option("--write [file]", "write the new Dockerfile: to FILE, or beside the old one with .optimized after its name")
    .option("--force", "replace the file that --write names")
    .option("--check", "exit with 1 when there is something to change");
}

const examples = `
Examples:
  deadweight rewrite Dockerfile
  deadweight rewrite Dockerfile --image my-service --level verified | git apply
  deadweight rewrite Dockerfile --image my-service --write
  deadweight rewrite Dockerfile --check -f table -o sarif=dockerfile.sarif
  deadweight rewrite docker/Dockerfile --context . --target runtime --build-arg PYTHON=3.11

A comment silences an edit at the instruction below it, or in the whole file when it stands before the first:
  # deadweight ignore=pip-no-cache because a later stage reads the cache

Exit codes: 0 fine, 1 with --check when there is something to change, 2 usage, 3 could not look or write, 70 a bug.`;

async function rewrite(file: string, flags: RewriteFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const mode = flags.quiet === true || flags.image === undefined ? "quiet" : progressMode(flags.progress, session.environment);
  const options = await rewriteOptions(flags, session, toolkit);
  const files = await outputFiles(flags.output ?? [], toolkit.rewriteFormats);
  const destination = flags.write === undefined ? undefined : await destinationOf(file, flags.write);
  const display = createDisplay(mode, session);
  try {
    const result = await toolkit.rewrite(file, { ...options, onProgress: display.show });
    display.close();
    if (destination !== undefined) await writeResult(destination, result, flags.force === true, session);
    await print(result, flags, files, session, toolkit);
    return flags.check === true && result.changes.length > 0 ? 1 : 0;
  } finally {
    display.close();
  }
}

async function rewriteOptions(flags: RewriteFlags, session: Session, toolkit: Toolkit): Promise<RewriteOptions> {
  const { image, context, target, fix, skip } = flags;
  return {
    ...imageOptions(flags, session, toolkit),
    ...(flags.cpu === true ? {} : await gpuOptions(flags, toolkit)),
    ...(image !== undefined && { image }),
    ...(context !== undefined && { context }),
    ...(target !== undefined && { target }),
    ...(fix !== undefined && { only: knownEdits(fix, toolkit) }),
    ...(skip !== undefined && { skip: knownEdits(skip, toolkit) }),
    buildArgs: buildArguments(flags.buildArg ?? [], session),
    withoutGpu: flags.cpu === true,
    level: flags.level,
  };
}

/** `NAME=VALUE`; of `NAME` alone the value is that of the environment's variable, as with docker build. */
function buildArguments(texts: readonly string[], { environment }: Session): ReadonlyMap<string, string> {
  return new Map(
    texts.flatMap((text): readonly (readonly [string, string])[] => {
      const equals = text.indexOf("=");
      if (equals > 0) return [[text.slice(0, equals), text.slice(equals + 1)]];
      if (equals === 0)
        throw new UserError("usage", `build argument ${text}: it has no name`, { hint: "write NAME=VALUE", exitCode: 2 });
      const value = environment[text];
      return value === undefined ? [] : [[text, value]];
    }),
  );
}

/** Throws UserError, exit 2, where it is the Dockerfile itself, by whatever name. */
async function destinationOf(file: string, chosen: string | true): Promise<string> {
  const path = chosen === true ? join(dirname(file), `${basename(file)}.optimized`) : chosen;
  await checkWritable(path);
  const [from, to] = await Promise.all([stat(file).catch(() => undefined), stat(path).catch(() => undefined)]);
  if (from === undefined || to === undefined || from.ino !== to.ino || from.dev !== to.dev) return path;
  throw new UserError("usage", `could not write ${path}: it is the Dockerfile itself`, {
    hint: "name another file; `deadweight promote` puts a verified one in its place",
    exitCode: 2,
  });
}

async function writeResult(path: string, result: DockerfileRewrite, isForced: boolean, session: Session): Promise<void> {
  if (result.changes.length === 0) return write(session.stderr, `${printable(path)}: not written, there is nothing to change\n`);
  const bytes = Buffer.from(result.after, result.encoding);
  await (isForced ? writeAside(path, bytes) : writeNew(path, bytes));
  return write(session.stderr, `${printable(path)}: written\n`);
}

async function print(
  result: DockerfileRewrite,
  { format }: RewriteFlags,
  files: Awaited<ReturnType<typeof outputFiles>>,
  { stdout, stderr, environment }: Session,
  { renderRewrite, edits }: Toolkit,
): Promise<void> {
  const look = { verbose: false, columns: terminalWidth(stdout, environment), colour: allowsColour(stdout, environment) };
  if (format === "diff" && result.encoding !== "utf-8" && result.changes.length > 0)
    throw new UserError("not-utf-8", `${result.file}: a diff of a file that is not UTF-8 can't be printed`, {
      hint: "write the new file with --write",
      exitCode: 3,
    });
  const text = renderRewrite(result, format, edits, look);
  // A terminal obeys characters that git apply needs.
  await write(stdout, format === "diff" && stdout.isTTY === true ? text.split("\n").map(printable).join("\n") : text);
  if (format === "diff") {
    const beside = { verbose: false, columns: terminalWidth(stderr, environment), colour: allowsColour(stderr, environment) };
    await write(stderr, renderRewrite(result, "table", edits, beside));
  }
  for (const { format: name, path } of files)
    await writeAside(path, renderRewrite(result, name as RewriteFormat, edits, { columns: 120 }));
}
