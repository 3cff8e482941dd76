import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { Replacement } from "../../model/dockerfile.ts";

/**
 * Puts options right behind a subcommand, where every tool takes them, whatever the list after it is. The word's last character is replaced
 * with itself and them, so that a command may be put behind a subcommand that ends its script.
 */
export function insertOptions({ verbWord }: CommandUse, options: string): readonly Replacement[] {
  if (verbWord === undefined) return [];
  return [{ start: verbWord.end - 1, end: verbWord.end, text: `${verbWord.text.slice(-1)} ${options}` }];
}
