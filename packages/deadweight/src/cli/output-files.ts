import { extname } from "node:path";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import type { Toolkit } from "./session.ts";
import { checkWritable } from "./write-aside.ts";

/** A report to be written to a file. */
export interface OutputFile {
  readonly format: string;
  readonly path: string;
}

type Formats = readonly Pick<Toolkit["formats"][number], "name" | "endings">[];

/** What `-o` asks for, each FORMAT=FILE or FILE with an ending that tells. Throws UserError, exit 2, before anything is done. */
export async function outputFiles(values: readonly string[], formats: Formats): Promise<readonly OutputFile[]> {
  const files = values.map((value) => parseOutput(value, formats));
  for (const [index, { path }] of files.entries()) {
    const twice = files.findIndex((other) => other.path === path) < index;
    if (twice) throw usage(`output ${path}: asked for twice`, "give each report a file of its own");
    await checkWritable(path);
  }
  return files;
}

function parseOutput(value: string, formats: Formats): OutputFile {
  const names = formats.map(({ name }) => name);
  const [, prefix, rest = ""] = /^([a-z]+)=(.*)$/s.exec(value) ?? [];
  if (prefix !== undefined) {
    if (!names.includes(prefix)) throw usage(`output ${value}: no format is named ${prefix}`, didYouMean(prefix, names));
    if (rest === "") throw usage(`output ${value}: no file after ${prefix}=`, `write for instance ${prefix}=report.txt`);
    return { format: prefix, path: rest };
  }
  const ending = extname(value).toLowerCase();
  const format = formats.find(({ endings }) => endings.includes(ending));
  if (format !== undefined) return { format: format.name, path: value };
  throw usage(`output ${value}: its ending names no format`, `write FORMAT=FILE, with one of ${names.join(", ")}`);
}

function usage(message: string, hint: string): UserError {
  return new UserError("usage", message, { hint, exitCode: 2 });
}
