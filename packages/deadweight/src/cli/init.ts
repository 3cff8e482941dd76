import { stat } from "node:fs/promises";
import { type Command } from "commander";
import { UserError } from "../lib/user-error.ts";
import { addImageOptions, addProgressOptions, imageForms, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { checkWritable, writeAside } from "./write-aside.ts";

interface InitFlags extends ImageFlags {
  readonly output: string;
  readonly force?: boolean;
}

/** Adds `init`, which writes a first configuration. */
export function addInit(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("init")
    .summary("write a first deadweight.yaml from an image or a compose file")
    .description("Writes a configuration with what an image or a compose file says of running it; probes are yours to add.")
    .argument("<from>", `a compose file that ends in .yaml or .yml, or an image: ${imageForms}`)
    .option("-o, --output <file>", "where to write it; - is standard output", "deadweight.yaml")
    .option("--force", "replace a file that is there");
  addImageOptions(command);
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((from: string, flags: InitFlags) => choose(() => init(from, flags, session, toolkit)));
}

const examples = `
Examples:
  deadweight init compose.yaml
  deadweight init docker:my-service -o -

Exit codes: 0 written, 2 usage or the file is there, 3 could not look, 70 a bug.`;

async function init(from: string, flags: InitFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const { output } = flags;
  if (output !== "-") await checkFree(output, flags.force === true);
  const display = createDisplay(flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment), session);
  try {
    const text = await toolkit.draftConfig(from, { ...imageOptions(flags, session, toolkit), onProgress: display.show });
    display.close();
    await (output === "-" ? write(session.stdout, text) : writeAside(output, text));
    if (output !== "-") await write(session.stderr, `wrote ${output}\n`);
    return 0;
  } finally {
    display.close();
  }
}

async function checkFree(path: string, force: boolean): Promise<void> {
  await checkWritable(path);
  if (force || (await stat(path).catch(() => undefined)) === undefined) return;
  throw new UserError("exists", `${path}: is there already`, { hint: "--force replaces it", exitCode: 2 });
}
