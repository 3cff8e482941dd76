import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { Replacement } from "../../model/dockerfile.ts";

/** Puts options right behind a subcommand, where every tool takes them, whatever the list after it is. */
export function insertOptions({ verbWord }: CommandUse, options: string): readonly Replacement[] {
  return verbWord === undefined ? [] : [{ start: verbWord.end, end: verbWord.end, text: ` ${options}` }];
}
