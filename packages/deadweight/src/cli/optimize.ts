import { type Command, Option } from "commander";
import type { Optimization, OptimizeOptions } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { printableJson } from "../lib/printable.ts";
import { UserError } from "../lib/user-error.ts";
import { deliverReport } from "./deliver-report.ts";
import { repeatable } from "./delivery-options.ts";
import { gpuConfigHelp, gpuOptions, gpusHelp, type GpuFlags } from "./gpu-options.ts";
import {
  addEvidenceOptions,
  addImageOptions,
  addProgressOptions,
  imageForms,
  imageOptions,
  type ImageFlags,
} from "./image-options.ts";
import { parseCompression } from "./parse-compression.ts";
import { layersHelp, parseLayers } from "./parse-layers.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import type { Session, Toolkit, Work } from "./session.ts";
import { checkWritable, writeAside } from "./write-aside.ts";

interface OptimizeFlags extends ImageFlags, GpuFlags {
  readonly output?: string;
  readonly level: OptimizeOptions["level"];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly keep?: readonly string[];
  readonly rewriteBase?: boolean;
  readonly compression?: string;
  readonly layers?: string;
  readonly dryRun?: boolean;
  readonly changes?: string;
  readonly force?: boolean;
  readonly validate: boolean;
  readonly format: string;
  readonly verbose?: boolean;
}

/** Adds `optimize`, which writes a smaller image. */
export function addOptimize(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("optimize")
    .alias("optimise")
    .summary("a smaller image, with a list of every change and its reason")
    .description("Writes a smaller image that behaves the same, without running it; the source stays as it is.")
    .argument("<image>", imageForms);
  addDestinationOptions(command, toolkit);
  addChangeOptions(command, toolkit);
  addEvidenceOptions(addImageOptions(command, "; all for every one, with their index"));
  addResultOptions(command, toolkit);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((image: string, flags: OptimizeFlags) => choose(() => optimize(image, flags, session, toolkit)));
}

function addDestinationOptions(command: Command, toolkit: Toolkit): void {
  command
    .optionsGroup("Result:")
    .option("-o, --output <dest>", "where the smaller image goes, in the same forms as IMAGE")
    .option("--force", "replace what is there, once the new image is whole")
    .option("--dry-run", "say what would be done and what it would save; write nothing")
    .option(
      "--compression <kind[:level]>",
      "gzip, zstd or none for the layers that may be changed; else each stays compressed as it is",
    )
    .option("--layers <shape>", layersHelp(toolkit))
    .option("--no-validate", "write the result without reading it again and comparing it with the source");
}

function addChangeOptions(command: Command, { levels, transforms }: Toolkit): void {
  const optIn = transforms.filter(({ safety }) => safety === "opt-in").map(({ name }) => name);
  const byName = optIn.length === 0 ? "" : `; ${optIn.join(", ")} only so`;
  command
    .optionsGroup("Changes:")
    .addOption(
      new Option("--level <level>", "changes that no program can tell, or those too that are sound by analysis")
        .choices(levels)
        .default("lossless"),
    )
    .addOption(
      repeatable("--only <transform>", `these transforms alone${byName}, or recompress for none; repeatable`).conflicts("skip"),
    )
    .addOption(
      repeatable("--skip <transform>", `leave a transform out; repeatable: ${transforms.map(({ name }) => name).join(", ")}`),
    )
    .addOption(
      repeatable("--keep <glob>", "leave these paths as they are: * is part of a name, ** any number of folders; repeatable"),
    )
    .option("--gpus <list>", `${gpusHelp}; with --level verified the code for others goes`)
    .option("--config <file>", gpuConfigHelp)
    .addOption(
      new Option(
        "--keep-ptx <which>",
        "of code that drivers compile: what the GPUs need, the newest for GPUs to come too, or all",
      )
        .choices(["none", "forward", "all"])
        .default("none"),
    )
    .option(
      "--include-vendor",
      "cut code for other GPUs out of NVIDIA's own libraries too: its licence restricts passing on changed ones",
    )
    .option("--rewrite-base", "change layers of the base image as well; images on the same base no longer share them");
}

function addResultOptions(command: Command, { formats }: Toolkit): void {
  const usable = formats.filter(({ name, renderOptimization }) => renderOptimization !== undefined || name === "json");
  command
    .optionsGroup("Output:")
    .addOption(
      new Option("-f, --format <name>", "format on standard output").choices(usable.map(({ name }) => name)).default("table"),
    )
    .option("--changes <file>", "write every entry that was removed, rewritten or linked, with its reason, as json")
    .option("-v, --verbose", "the largest changes one by one");
}

const examples = `
Examples:
  deadweight optimize my-service --dry-run
  deadweight optimize my-service -o docker:my-service:small
  deadweight optimize docker://registry.example/me/app:1 -o docker://registry.example/me/app:1-small --changes changes.json
  deadweight optimize oci:build/image -o oci:small --platform linux/arm64
  deadweight optimize oci:build/image -o oci-archive:small.tar --level verified --compression zstd:9 --keep 'usr/share/doc/**'
  deadweight optimize my-service -o docker:my-service:one --layers squash-own
  deadweight optimize my-service -o docker:my-service:small --level verified --gpus 'RTX 3090,RTX 4090'

Exit codes: 0 fine, 2 usage, 3 could not look or write, 70 a bug: the result was not as planned, and was not written.`;

async function optimize(image: string, flags: OptimizeFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const options = await optimizeOptions(flags, session, toolkit);
  const destination = destinationOf(flags);
  if (flags.changes !== undefined) await checkWritable(flags.changes);
  const display = createDisplay(mode, session);
  try {
    const optimization = await toolkit.optimize(image, destination, { ...options, onProgress: display.show });
    display.close();
    if (flags.changes !== undefined) await writeAside(flags.changes, changesText(optimization));
    const gates = { budgets: [], thresholds: [] };
    return await deliverReport({ report: optimization, flags, files: [], gates }, session, toolkit);
  } finally {
    display.close();
  }
}

async function optimizeOptions(flags: OptimizeFlags, session: Session, toolkit: Toolkit): Promise<OptimizeOptions> {
  const isAll = flags.platform === "all";
  const { platform, ...others } = flags;
  return {
    ...imageOptions(isAll || platform === undefined ? others : flags, session, toolkit),
    ...(isAll ? { allPlatforms: true } : {}),
    ...(await gpuOptions(flags, toolkit)),
    level: flags.level,
    keep: flags.keep ?? [],
    rewriteBase: flags.rewriteBase === true,
    compression: parseCompression(flags.compression),
    ...(flags.layers === undefined ? {} : { layers: parseLayers(flags.layers, toolkit) }),
    validate: flags.validate,
    force: flags.force === true,
    ...(flags.only === undefined ? {} : { only: onlyTransforms(flags.only, flags, toolkit) }),
    ...(flags.skip === undefined ? {} : { skip: knownTransforms(flags.skip, toolkit) }),
  };
}

function destinationOf({ output, dryRun }: OptimizeFlags): string | undefined {
  if (dryRun === true) return undefined;
  if (output !== undefined) return output;
  throw new UserError("usage", "optimize: no destination was given", {
    hint: "say with -o where the smaller image goes, for instance -o oci:FOLDER, or --dry-run to see what would be done",
    exitCode: 2,
  });
}

/** `recompress` is what `--compression` asks for: it stands among these names so that nothing else is done. */
function onlyTransforms(names: readonly string[], { compression }: OptimizeFlags, toolkit: Toolkit): readonly string[] {
  const others = names.filter((name) => name !== "recompress");
  if (others.length < names.length && compression === undefined)
    throw new UserError("usage", "--only recompress: nothing says how", {
      hint: "add --compression, for instance --compression zstd",
      exitCode: 2,
    });
  return knownTransforms(others, toolkit);
}

function knownTransforms(names: readonly string[], { transforms }: Toolkit): readonly string[] {
  const known = transforms.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return names;
  throw new UserError("usage", `transform ${wrong}: there is none of that name`, { hint: didYouMean(wrong, known), exitCode: 2 });
}

function changesText({ schemaVersion, tool, image, indexDigest, result, changes }: Optimization): string {
  const source = { reference: image.reference, digest: indexDigest ?? image.digest };
  return `${printableJson(JSON.stringify({ schemaVersion, tool, source, result, changes }, undefined, 2))}\n`;
}
