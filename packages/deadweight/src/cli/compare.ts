import { type Command, Option } from "commander";
import type { Baseline, Budget, CompareOptions, GrowthLimit } from "../index.ts";
import { printable } from "../lib/printable.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { repeatable } from "./delivery-options.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { addImageOptions, addProgressOptions, imageForms, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

interface CompareFlags extends Omit<ImageFlags, "base"> {
  readonly baseline?: string;
  readonly bandwidth?: string;
  readonly record?: readonly string[];
  readonly failOn?: readonly string[];
  readonly budget?: readonly string[];
  readonly format: "table" | "json" | "markdown";
  readonly verbose?: boolean;
}

/** Adds `compare`, which lays the bytes of two images side by side. */
export function addCompare(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("compare")
    .summary("two images side by side: by layer, by component, what a pull transfers")
    .description("Reads two images and says what grew, shrank, came and went, by layer and by component.")
    .argument("<images...>", `BEFORE and AFTER, or AFTER alone with --baseline: ${imageForms}`)
    .optionsGroup("Comparison:")
    .option("--baseline <file>", "what `analyze -f json` or `compare -f json` wrote, in place of BEFORE")
    .option("--bandwidth <rate>", "say how long pulls take: 100mbit, 1gbit, 12.5MB/s")
    .addOption(repeatable("--record <file>", "what `deadweight build` wrote: say how long the images took to build; repeatable"));
  addImageOptions(command).option("--no-cache", "read every layer, whatever is known from earlier runs");
  addGateOptions(command);
  command
    .optionsGroup("Output:")
    .addOption(
      new Option("-f, --format <name>", "format on standard output").choices(["table", "json", "markdown"]).default("table"),
    )
    .option("-v, --verbose", "all layers and components");
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((images: readonly string[], flags: CompareFlags) => choose(() => compare(images, flags, session, toolkit)));
}

function addGateOptions(command: Command): void {
  command
    .optionsGroup("Gates (exit code 1):")
    .addOption(
      repeatable(
        "--fail-on <growth=size>",
        "fail when AFTER has more than that more: growth=50MB, growth=5%, compressed-growth=20MB; repeatable",
      ),
    )
    .addOption(repeatable("--budget <what=size>", "of AFTER, as for analyze: compressed=2GB, cuda=3GB, pip-cache=0; repeatable"));
}

const examples = `
Examples:
  deadweight compare my-service:main my-service:pr --bandwidth 100mbit
  deadweight compare my-service:pr --baseline main.json --fail-on growth=50MB --budget cuda=3GB --budget pip-cache=0
  deadweight compare my-service:main my-service:pr -f markdown >> "$GITHUB_STEP_SUMMARY"

Exit codes: 0 fine, 1 a gate failed, 2 usage, 3 could not look, 70 a bug.`;

async function compare(images: readonly string[], flags: CompareFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const { before, after } = sidesOf(images, flags.baseline);
  const gates = gatesOf(flags, toolkit);
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const options = compareOptions(flags, gates.budgets, session, toolkit);
  const display = createDisplay(mode, session);
  try {
    const compared = await toolkit.compare(before, after, { ...options, onProgress: display.show });
    display.close();
    const columns = terminalWidth(session.stdout, session.environment);
    const look = { verbose: flags.verbose === true, columns, colour: allowsColour(session.stdout, session.environment) };
    await write(session.stdout, toolkit.renderComparison(compared.comparison, flags.format, look));
    const failed = [
      ...toolkit.passedGrowth(compared.comparison, gates.limits),
      ...toolkit.failedGates(compared.after, { budgets: gates.budgets, thresholds: [] }),
    ];
    for (const line of failed) await write(session.stderr, `gate failed: ${printable(line)}\n`);
    return failed.length > 0 ? 1 : 0;
  } finally {
    display.close();
  }
}

function sidesOf(images: readonly string[], file: string | undefined): { before: Baseline; after: string } {
  const [first = "", second, ...more] = images;
  if (file !== undefined && second === undefined) return { before: { file }, after: first };
  if (file === undefined && second !== undefined && more.length === 0) return { before: { image: first }, after: second };
  throw new UserError("usage", `compare: ${images.length} images${file === undefined ? "" : " and a baseline"} were given`, {
    hint: "give BEFORE and AFTER, or AFTER and --baseline FILE",
    exitCode: 2,
  });
}

interface CompareGates {
  readonly limits: readonly GrowthLimit[];
  readonly budgets: readonly Budget[];
}

function gatesOf({ failOn = [], budget = [] }: CompareFlags, { parseGrowth, parseBudget, rules }: Toolkit): CompareGates {
  const names = rules.map(({ name }) => name);
  return { limits: failOn.map((text) => parseGrowth(text)), budgets: budget.map((text) => parseBudget(text, names)) };
}

function compareOptions(flags: CompareFlags, budgets: readonly Budget[], session: Session, toolkit: Toolkit): CompareOptions {
  const bitsPerSecond = bandwidthOf(flags.bandwidth);
  // What could be freed is known when all rules have looked.
  const isWhole = budgets.some((budget) => "subject" in budget && budget.subject === "reclaimable");
  const named = budgets.flatMap((budget) => ("rule" in budget ? [budget.rule] : []));
  return {
    ...imageOptions(flags, session, toolkit),
    rules: isWhole ? toolkit.rules.map(({ name }) => name) : named,
    ...(bitsPerSecond === undefined ? {} : { bitsPerSecond }),
    ...(flags.record === undefined ? {} : { records: flags.record }),
  };
}
