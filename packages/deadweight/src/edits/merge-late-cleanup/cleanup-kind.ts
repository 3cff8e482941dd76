import { commandUse, hasOption, type CommandUse } from "../../dockerfile/command-use.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { programOf, type ShellCommand, type ShellScript } from "../../dockerfile/shell-script.ts";

/** What a RUN cleans up, if it does nothing else. */
export interface CleanupKind {
  /** Whether all of it comes back by itself when it is wanted: caches, byte code. Then it may go earlier, wherever it comes from. */
  readonly isRegenerable: boolean;
  /** Whether an earlier RUN can have brought what is cleaned. */
  readonly isFrom: (step: RunStep) => boolean;
}

/** Each command's kind; undefined when one of them is no cleanup. */
export function cleanupOf(script: ShellScript): readonly CleanupKind[] | undefined {
  const own = script.commands.filter(({ nesting }) => nesting !== "substitution");
  if (own.length === 0 || own.length !== script.commands.length) return undefined;
  const kinds = own.map(kindOf);
  return kinds.every((kind) => kind !== undefined) ? kinds.filter((kind) => kind !== "nothing") : undefined;
}

function kindOf(command: ShellCommand): CleanupKind | "nothing" | undefined {
  if (/^(?:true|:|set|xargs|echo)$/.test(programOf(command)) && !isOtherXargs(command)) return "nothing";
  const use = commandUse(command);
  if (use === undefined) return undefined;
  if (use.tool === "find") return findKind(use);
  if (use.tool === "rm") return removalKind(use);
  if (use.tool === "apt") return aptKind(use);
  const cache = /^(?:conda|pip|uv|npm|yarn|dnf)$/.test(use.tool) && /^(?:clean|cache clean|cache|autoremove)$/.test(use.verb);
  return cache ? { isRegenerable: true, isFrom: ({ uses }) => uses.some(({ tool }) => tool === use.tool) } : undefined;
}

function isOtherXargs(command: ShellCommand): boolean {
  return programOf(command) === "xargs" && !command.words.some(({ value }) => value === "rm");
}

const isPythons = ({ uses }: RunStep): boolean => uses.some(({ tool }) => /^(?:pip|uv|conda|python)$/.test(tool));

/** `find … -name __pycache__ -exec rm -rf {} +`, `find … -name '*.pyc' -delete`. */
function findKind({ command }: CommandUse): CleanupKind | undefined {
  const texts = command.words.map(({ text }) => text);
  const removes = texts.includes("-delete") || (texts.some((text) => /^-exec(?:dir)?$/.test(text)) && texts.includes("rm"));
  const names = texts.flatMap((text, index) => (/^-i?name$/.test(texts[index - 1] ?? "") ? [text.replace(/["'\\]/g, "")] : []));
  const isListing = !removes && !texts.some((text) => /^-(?:exec|ok)/.test(text)) && command.nesting === "pipeline";
  if (!removes && !isListing) return undefined;
  const isByteCode = names.length > 0 && names.every((name) => /^(?:__pycache__|\*\.py\[co\]|\*\.pyc|\*\.pyo)$/.test(name));
  const [folder = ""] = texts.slice(1);
  return isByteCode
    ? { isRegenerable: true, isFrom: isPythons }
    : { isRegenerable: false, isFrom: (step) => mentions(step, folder) };
}

/** `rm -rf` of caches and lists, or of what a RUN names. */
function removalKind(use: CommandUse): CleanupKind | undefined {
  const paths = use.operands.map(({ text }) => text.replace(/["']/g, ""));
  if (paths.length === 0 || !(hasOption(use, "-r", "-f", "-R", "--force", "--recursive") || paths.length > 0)) return undefined;
  if (paths.every((path) => /^\/var\/(?:lib\/apt|cache\/apt)(?:\/|$)/.test(path)))
    return {
      isRegenerable: true,
      isFrom: ({ uses }) =>
        uses.some(({ tool, verb }) => tool === "apt" && /^(?:update|install|upgrade|dist-upgrade)$/.test(verb)),
    };
  if (paths.every((path) => /^(?:~|\/root|\/home\/[^/]+|\$HOME)\/\.(?:cache|npm|conda\/pkgs)(?:\/|$)/.test(path)))
    return {
      isRegenerable: true,
      isFrom: ({ uses }) => uses.some(({ tool }) => /^(?:pip|uv|npm|yarn|conda|python)$/.test(tool)),
    };
  return { isRegenerable: false, isFrom: (step) => paths.every((path) => mentions(step, path)) };
}

function aptKind({ verb, operands }: CommandUse): CleanupKind | undefined {
  if (/^(?:clean|autoclean|dist-?clean)$/.test(verb))
    return { isRegenerable: true, isFrom: ({ uses }) => uses.some(({ tool, verb }) => tool === "apt" && verb === "install") };
  if (!/^(?:purge|remove|autoremove)$/.test(verb)) return undefined;
  const names = operands.flatMap(({ value }) => value ?? []);
  const installed = ({ uses }: RunStep): readonly string[] =>
    uses
      .filter(({ tool, verb }) => tool === "apt" && verb === "install")
      .flatMap((use) => use.operands.flatMap(({ value }) => value?.replace(/[=:/].*$/, "") ?? []));
  return {
    isRegenerable: false,
    isFrom: (step) =>
      verb === "autoremove" && names.length === 0
        ? installed(step).length > 0
        : names.length > 0 && names.every((name) => installed(step).includes(name)),
  };
}

/** By the whole path, or the last name of it. */
function mentions({ script }: RunStep, path: string): boolean {
  const name = path.replace(/\/\*?$/, "").replace(/^.*\//, "");
  if (name === "" || /[*?[$]/.test(name)) return false;
  return script?.commands.some(({ words }) => words.some(({ text }) => text.includes(name))) === true;
}
