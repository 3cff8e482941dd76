import type { CommandUse } from "../../dockerfile/command-use.ts";
import { isRoot, type RunStep } from "../../dockerfile/run-steps.ts";
import { programOf } from "../../dockerfile/shell-script.ts";

/** Where a tool keeps its cache and what else says so. */
export interface CacheKind {
  /** Variables that name the folder, the first that is set. */
  readonly variable: string;
  /** Its folder in `~/.cache`. */
  readonly folder: string;
}

/** What a variable is where a command stands: its own assignment, then ENV and ARG. */
export function variableOf(step: RunStep, use: CommandUse, name: string): string | undefined {
  return use.command.assignments.get(name) ?? step.environment().get(name);
}

/** The home of the user who runs a step, as HOME or the user's name have it. */
export function homeOf(step: RunStep): string {
  const home = step.environment().get("HOME");
  if (home !== undefined) return home;
  return isRoot(step) ? "/root" : `/home/${step.user?.replace(/:.*/, "") ?? ""}`;
}

/** The cache folder of a command: an option's, a variable's, or the one in the user's home. */
export function cacheFolderOf(step: RunStep, use: CommandUse, { variable, folder }: CacheKind): string {
  const given = use.options.findLast(({ name }) => name === "--cache-dir")?.value ?? variableOf(step, use, variable);
  return given ?? `${variableOf(step, use, "XDG_CACHE_HOME") ?? `${homeOf(step)}/.cache`}/${folder}`;
}

/** Whether the RUN removes `~/.cache` or the tool's part of it by itself. */
export function removesCache({ script }: RunStep, { folder }: CacheKind): boolean {
  const path = new RegExp(`\\.cache(?:/?\\*?|/${folder}(?:/.*)?)["']?$`);
  return (script?.commands ?? []).some(
    (command) => programOf(command) === "rm" && command.words.some(({ text }) => path.test(text)),
  );
}
