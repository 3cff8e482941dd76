import type { Command } from "commander";
import type { AnalyzeOptions } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { addDeliveryOptions, gatesOf, repeatable, type DeliveryFlags } from "./delivery-options.ts";
import { deliverReport } from "./deliver-report.ts";
import { gpuConfigHelp, gpuOptions, gpusHelp, type GpuFlags } from "./gpu-options.ts";
import { outputFiles } from "./output-files.ts";
import {
  addEvidenceOptions,
  addImageOptions,
  addProgressOptions,
  imageForms,
  imageOptions,
  type ImageFlags,
} from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import type { Session, Toolkit, Work } from "./session.ts";

interface AnalyzeFlags extends DeliveryFlags, ImageFlags, GpuFlags {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** Adds `analyze`, the main command. */
export function addAnalyze(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("analyze")
    .alias("analyse")
    .summary("where the bytes are, what is dead weight, what each remedy would save")
    .description("Reads an image once, without running it, and says where every byte is and what of it is dead weight.")
    .argument("<image>", imageForms);
  addEvidenceOptions(addImageOptions(command));
  addRuleOptions(command);
  command.option("--gpus <list>", gpusHelp).option("--config <file>", gpuConfigHelp);
  addDeliveryOptions(command, toolkit);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((image: string, flags: AnalyzeFlags) => choose(() => analyze(image, flags, session, toolkit)));
}

function addRuleOptions(command: Command): void {
  command
    .optionsGroup("Rules:")
    .addOption(
      repeatable("--only <rule>", "run these rules alone; repeatable, `deadweight explain` lists them").conflicts("skip"),
    )
    .addOption(repeatable("--skip <rule>", "leave a rule out; repeatable"));
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
  const options = await analyzeOptions(flags, session, toolkit);
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

async function analyzeOptions(flags: AnalyzeFlags, session: Session, toolkit: Toolkit): Promise<AnalyzeOptions> {
  return {
    ...imageOptions(flags, session, toolkit),
    ...(await gpuOptions(flags, toolkit)),
    ...(flags.only === undefined ? {} : { only: knownRules(flags.only, toolkit) }),
    ...(flags.skip === undefined ? {} : { skip: knownRules(flags.skip, toolkit) }),
  };
}

function knownRules(names: readonly string[], { rules }: Toolkit): readonly string[] {
  const known = rules.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return names;
  throw new UserError("usage", `rule ${wrong}: there is none of that name`, { hint: didYouMean(wrong, known), exitCode: 2 });
}
