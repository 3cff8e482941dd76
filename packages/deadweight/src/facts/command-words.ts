import type { Facts } from "../contracts/fact.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { byteStringFromText } from "../lib/byte-string.ts";
import type { ImageConfig } from "../model/image.ts";
import { searchPath } from "./command-entries.ts";
import { fileTree } from "./file-tree.ts";

/** A word of a command, with the name of its setting: ENTRYPOINT, CMD or HEALTHCHECK. */
export type CommandWord = readonly [setting: string, word: string];

/** Words of ENTRYPOINT, CMD and HEALTHCHECK; those of a shell command one by one. No ENTRYPOINT where settings that are gone name it. */
export function commandWords(facts: Facts, gone: ReadonlySet<string> = new Set()): readonly CommandWord[] {
  const { config } = facts.image;
  const commands = [
    ["ENTRYPOINT", gone.has("Entrypoint") ? [] : config.entrypoint],
    ["CMD", config.command],
    ["HEALTHCHECK", healthCheckOf(facts)],
  ] as const;
  return commands.flatMap(([setting, command]) =>
    command
      .flatMap((argument) => argument.split(/[\s;&|()<>"'`$={}]+/))
      .filter((word) => /[\w.]/.test(word))
      .map((word) => [setting, word] as const),
  );
}

/** `{"Test": ["CMD-SHELL", "curl …"]}`: the first word says how the others are taken. */
function healthCheckOf({ image }: Facts): readonly string[] {
  if (image.configBytes.length === 0) return [];
  const settings = asRecord(asRecord(parseJson(image.configBytes, "image config"))?.["config"]);
  const test = asRecord(settings?.["Healthcheck"])?.["Test"];
  return Array.isArray(test) ? test.slice(1).filter((word) => typeof word === "string") : [];
}

/** The visible entry that a word leads to when it is run or read, links followed: by its path, or the first one in PATH; -1 for none. */
export function entryNamed(facts: Facts, word: string, config: ImageConfig = facts.image.config): number {
  const tree = facts.get(fileTree);
  const candidates = word.includes("/")
    ? [word.startsWith("/") ? word : `${config.workingDirectory}/${word}`]
    : searchPath(config).map((folder) => `${folder}/${word}`);
  for (const path of candidates) {
    const entry = tree.resolve(byteStringFromText(path));
    if (entry >= 0) return entry;
  }
  return -1;
}
