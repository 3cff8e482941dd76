import type { Command } from "commander";
import { wrapText } from "../lib/text-width.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

/** Longer lines are hard to read. */
const mostColumns = 100;

/** Adds `gpus`, which lists what `--gpus` understands. */
export function addGpus(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  program
    .command("gpus")
    .summary("the GPUs that --gpus knows by name")
    .description("Lists GPUs by compute capability. --gpus takes any of these names, the number, or the architecture (sm_86).")
    .argument("[list]", "GPUs as --gpus has them: says what they are taken for")
    .action((list: string | undefined) => choose(() => gpus(list, session, toolkit)));
}

async function gpus(
  list: string | undefined,
  { stdout, environment }: Session,
  { gpuTable, parseGpus, printTarget }: Toolkit,
): Promise<number> {
  const rows: readonly (readonly [string, string])[] =
    list === undefined
      ? Object.entries(gpuTable).map(([capability, names]) => [capability, names.join(", ")])
      : parseGpus(list).map((target) => [printTarget(target), target.name ?? ""]);
  const columns = Math.min(mostColumns, terminalWidth(stdout, environment));
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const lines = rows.flatMap(([label, text]) =>
    wrapText(text, Math.max(20, columns - width)).map((line, index) => (index === 0 ? label : "").padEnd(width) + line),
  );
  await write(stdout, `${lines.join("\n")}\n`);
  return 0;
}
