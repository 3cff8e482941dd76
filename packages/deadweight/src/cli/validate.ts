import { type Command, Option } from "commander";
import { addImageOptions, addProgressOptions, imageForms, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

interface ValidateFlags extends ImageFlags {
  readonly format: "table" | "json";
}

/** Adds `validate`, which checks that an image is sound. */
export function addValidate(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("validate")
    .summary("check an image: digests, sizes, config, and what engines ask of each entry")
    .description(
      "Reads an image once, without running it, and lists every invariant that it breaks, with what should be and what is.",
    )
    .argument("<image>", imageForms);
  addImageOptions(command);
  command
    .optionsGroup("Output:")
    .addOption(new Option("-f, --format <name>", "format on standard output").choices(["table", "json"]).default("table"));
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((image: string, flags: ValidateFlags) => choose(() => validate(image, flags, session, toolkit)));
}

const examples = `
Examples:
  deadweight validate oci:build/image
  deadweight validate docker://registry.example/me/app:1 -f json

Exit codes: 0 sound, 1 it breaks an invariant, 2 usage, 3 could not look, 70 a bug.`;

async function validate(image: string, flags: ValidateFlags, session: Session, toolkit: Toolkit): Promise<number> {
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const display = createDisplay(mode, session);
  try {
    const options = { ...imageOptions(flags, session, toolkit), onProgress: display.show };
    const validation = await toolkit.validate(image, options);
    display.close();
    await write(session.stdout, toolkit.renderValidation(validation, flags.format));
    return validation.violations.length === 0 ? 0 : 1;
  } finally {
    display.close();
  }
}
