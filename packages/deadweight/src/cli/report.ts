import type { Command } from "commander";
import { UserError } from "../lib/user-error.ts";
import { addDeliveryOptions, gatesOf, type DeliveryFlags } from "./delivery-options.ts";
import { deliverReport } from "./deliver-report.ts";
import { outputFiles } from "./output-files.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

interface ReportFlags extends DeliveryFlags {
  readonly schema?: boolean;
}

/** Adds `report`, which renders a saved result again. */
export function addReport(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("report")
    .summary("render a saved result again, in any format")
    .description("Renders a result that `analyze` saved as json again, and checks gates on it; reads no image.")
    .argument("[result.json]", "what `deadweight analyze IMAGE -o json=FILE` wrote");
  addDeliveryOptions(command, toolkit)
    .optionsGroup("Schema:")
    .option("--schema", "print the JSON Schema of the json format instead")
    .addHelpText("after", examples)
    .action((path: string | undefined, flags: ReportFlags) => choose(() => report(path, flags, session, toolkit)));
}

const examples = `
Examples:
  deadweight report report.json --verbose
  deadweight report report.json -f markdown >> "$GITHUB_STEP_SUMMARY"
  deadweight report --schema > report-schema.json`;

async function report(path: string | undefined, flags: ReportFlags, session: Session, toolkit: Toolkit): Promise<number> {
  if (flags.schema === true) {
    await write(session.stdout, `${JSON.stringify(await toolkit.reportJsonSchema(), undefined, 2)}\n`);
    return 0;
  }
  if (path === undefined) {
    throw new UserError("usage", "report: no file was given", {
      hint: "save one with `deadweight analyze IMAGE -o json=report.json`",
      exitCode: 2,
    });
  }
  const gates = gatesOf(flags, toolkit);
  const files = await outputFiles(flags.output ?? [], toolkit.formats);
  return deliverReport({ report: await toolkit.loadReport(path), flags, files, gates }, session, toolkit);
}
