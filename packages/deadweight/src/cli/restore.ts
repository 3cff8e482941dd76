import { type Command, Option } from "commander";
import type { Restoration } from "../index.ts";
import { printBytes } from "../lib/byte-size.ts";
import { countOf } from "../lib/count-of.ts";
import { printable, printableJson } from "../lib/printable.ts";
import { addImageOptions, addProgressOptions, imageForms, imageOptions, type ImageFlags } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

interface RestoreFlags extends ImageFlags {
  readonly from: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly format: "table" | "json";
}

/** Adds `restore`, which brings paths back that an optimised image has no more. */
export function addRestore(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const command = program
    .command("restore")
    .summary("bring named paths back that an optimized image has no more")
    .description(
      "Puts a layer on top of DEST with files of another image as that one shows them, and replaces DEST once the result is whole; " +
        "with -o DEST stays as it is.",
    )
    .argument("<dest>", imageForms)
    .argument("<path...>", "files, and folders with all below them")
    .requiredOption("--from <image>", "the image that has the paths: the one that was optimized");
  command
    .optionsGroup("Result:")
    .option("-o, --output <image>", "where the result goes, in place of DEST, in the same forms")
    .option("--force", "replace what is there, once the result is whole");
  addImageOptions(command).option("--no-cache", "read every layer, whatever is known from earlier runs");
  command
    .optionsGroup("Output:")
    .addOption(new Option("-f, --format <name>", "format on standard output").choices(["table", "json"]).default("table"));
  addProgressOptions(command);
  command
    .addHelpText("after", examples)
    .action((dest: string, paths: readonly string[], flags: RestoreFlags) =>
      choose(() => restore(dest, paths, flags, session, toolkit)),
    );
}

const examples = `
Examples:
  deadweight restore docker:my-service:small --from docker:my-service usr/share/doc/libfoo
  deadweight restore oci:small --from oci:build -o oci:small2 /usr/bin/gcc /usr/lib/gcc

Exit codes: 0 fine, nothing to do included, 2 usage, 3 could not look or write, 70 a bug: nothing was written.`;

async function restore(
  dest: string,
  paths: readonly string[],
  flags: RestoreFlags,
  session: Session,
  toolkit: Toolkit,
): Promise<number> {
  const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
  const display = createDisplay(mode, session);
  try {
    const restoration = await toolkit.restore(dest, {
      ...imageOptions(flags, session, toolkit),
      from: flags.from,
      paths,
      force: flags.force === true,
      ...(flags.output === undefined ? {} : { output: flags.output }),
      onProgress: display.show,
    });
    display.close();
    await write(session.stdout, flags.format === "json" ? jsonOf(restoration) : textOf(restoration));
    return 0;
  } finally {
    display.close();
  }
}

function jsonOf(restoration: Restoration): string {
  return `${printableJson(JSON.stringify({ schemaVersion: 1, ...restoration }, undefined, 2))}\n`;
}

function textOf({ reference, restored, unchanged, tarBytes, compressedBytes, notes }: Restoration): string {
  const layer = `a layer of ${printBytes(tarBytes)}, ${printBytes(compressedBytes)} as it is stored`;
  const lines =
    restored.length === 0
      ? [`nothing to do: ${countOf(unchanged, "path")} of ${reference} ${unchanged === 1 ? "is" : "are"} as in the other image`]
      : [`${reference}: ${countOf(restored.length, "path")} brought back in ${layer}`];
  const same =
    restored.length > 0 && unchanged > 0
      ? [`${countOf(unchanged, "path")} ${unchanged === 1 ? "was" : "were"} there as asked`]
      : [];
  return `${[...lines, ...same, ...notes].map(printable).join("\n")}\n`;
}
