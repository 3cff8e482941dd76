import type { EditContext } from "../../contracts/edit.ts";
import { appendToScript, insertAfterCommand, type Insertion } from "../../dockerfile/script-insertions.ts";
import type { ShellCommand } from "../../dockerfile/shell-script.ts";
import type { ScriptStep } from "./shipped-steps.ts";

/** Puts a command at the script's end, where nothing of it can need what is removed; where that is no place, right behind the last command that matters. */
export function appended({ dockerfile }: EditContext, { script }: ScriptStep, command: string, last?: ShellCommand): Insertion {
  const atEnd = appendToScript(dockerfile, script, command);
  if (!("refused" in atEnd) || last === undefined) return atEnd;
  const behind = insertAfterCommand(dockerfile, script, last, command);
  return "refused" in behind ? atEnd : behind;
}

/** `sudo ` where the command that made the mess was run so. */
export function sudoOf(command: ShellCommand | undefined): string {
  return command?.wrappers[0]?.value === "sudo" ? "sudo " : "";
}
