import { type Command, Option } from "commander";
import type { Gates } from "../index.ts";
import type { Toolkit } from "./session.ts";

/** What the options become that say where a report goes and what it must pass. */
export interface DeliveryFlags {
  readonly format: string;
  readonly output?: readonly string[];
  readonly verbose?: boolean;
  readonly budget?: readonly string[];
  readonly failOn?: readonly string[];
}

/** Adds the options of every command that ends with a report: where it goes, and what it must pass. */
export function addDeliveryOptions(command: Command, { formats }: Toolkit): Command {
  const list = formats.map(({ name, summary }) => `${name} (${summary})`).join("; ");
  return command
    .optionsGroup("Output:")
    .addOption(
      new Option("-f, --format <name>", `format on standard output: ${list}`)
        .choices(formats.map(({ name }) => name))
        .default("table"),
    )
    .addOption(
      repeatable(
        "-o, --output <format=file>",
        "write the report to a file as well; FILE alone: its ending tells the format; repeatable",
      ),
    )
    .option("-v, --verbose", "all findings with their remedies, components, layers, problems")
    .optionsGroup("Gates (exit code 1):")
    .addOption(
      repeatable(
        "--budget <what=size>",
        "compressed, uncompressed or reclaimable bytes, those of a kind of component, or what a rule finds: compressed=2GB, cuda=1.5GiB, pip-cache=0; repeatable",
      ),
    )
    .addOption(
      repeatable(
        "--fail-on <rule|safety>",
        "fail when a rule finds something, or any does that is lossless, verified or opt-in (each with those before it); repeatable",
      ),
    );
}

/** An option that may be given several times; the values come as a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, previous: readonly string[] | undefined) => [
    ...(previous ?? []),
    value,
  ]);
}

/** The gates that were asked for. Throws UserError, exit 2. */
export function gatesOf(flags: DeliveryFlags, { parseBudget, parseThreshold, rules }: Toolkit): Gates {
  const names = rules.map(({ name }) => name);
  return {
    budgets: (flags.budget ?? []).map((text) => parseBudget(text, names)),
    thresholds: (flags.failOn ?? []).map((text) => parseThreshold(text, names)),
  };
}
