import type { Dockerfile, Replacement } from "../model/dockerfile.ts";
import { programOf, type ShellCommand, type ShellScript, type ShellStatement } from "./shell-script.ts";

/** A place for a command, or why there is none. */
export type Insertion = { readonly replacement: Replacement } | { readonly refused: string };

type Text = Pick<Dockerfile, "text">;
type Separator = "&&" | ";";

/**
 * Has a command run when the whole script went well. What the script's failures do stays as it is: with `set -e` a separator must not turn
 * the statement before it into a condition, and a chain's last failure must not be followed by what succeeds.
 */
export function appendToScript(dockerfile: Text, script: ShellScript, command: string): Insertion {
  const last = script.statements.at(-1);
  if (last === undefined) return { refused: "the script is empty" };
  const unreached = script.commands.find((one) => one.nesting === undefined && /^(?:exec|exit|return)$/.test(programOf(one)));
  if (unreached !== undefined) return { refused: `${programOf(unreached)} ends the script before its end` };
  if (script.commands.some((one) => programOf(one) === "trap")) return { refused: "the script sets a trap" };
  const refused = refusalOf(last);
  if (refused !== undefined) return { refused };
  const isChain = last.steps.length > 1;
  const final = last.steps.at(-1);
  if (last.stopsOnFailure && isChain && final?.isSimple === false)
    return { refused: "the script ends in a list within a list under set -e" };
  return inserted(dockerfile, script, last.end, last.stopsOnFailure && !isChain ? ";" : "&&", command);
}

/** Has a command run right after another that went well, before what follows it in the script. */
export function insertAfterCommand(dockerfile: Text, script: ShellScript, after: ShellCommand, command: string): Insertion {
  if (after.nesting !== undefined) return { refused: `the command stands in a ${after.nesting}` };
  const statement = script.statements[after.statement];
  if (statement === undefined) return { refused: "the command has no statement" };
  if (/^(?:exec|exit|return)$/.test(programOf(after))) return { refused: "nothing runs after it" };
  const refused = refusalOf(statement);
  if (refused !== undefined) return { refused };
  const isLast = after.step === statement.steps.length - 1;
  if (!isLast || !after.stopsOnFailure) return inserted(dockerfile, script, endOf(statement, after), "&&", command);
  if (statement.steps.length === 1) return inserted(dockerfile, script, statement.end, ";", command);
  const isEnd = after.statement === script.statements.length - 1;
  return isEnd
    ? inserted(dockerfile, script, statement.end, "&&", command)
    : { refused: "set -e would no longer see the command fail" };
}

function refusalOf(statement: ShellStatement): string | undefined {
  if (statement.isBackground) return "the script goes on in the background";
  if (statement.operators.includes("||")) return "the list has a fallback after ||";
  return undefined;
}

function endOf(statement: ShellStatement, { step, end }: ShellCommand): number {
  return statement.steps[step]?.end ?? end;
}

function inserted(dockerfile: Text, script: ShellScript, at: number, separator: Separator, command: string): Insertion {
  return { replacement: { start: at, end: at, text: `${separatorLike(dockerfile, script, separator)}${command}` } };
}

/** As the script itself writes it between two commands, line breaks and all. */
function separatorLike({ text }: Text, script: ShellScript, separator: Separator): string {
  const parts =
    separator === "&&"
      ? script.statements.flatMap(({ steps }) =>
          steps.slice(1).map((step, index) => [steps[index]?.end ?? step.start, step.start]),
        )
      : script.statements.slice(1).map(({ start }, index) => [script.statements[index]?.end ?? start, start]);
  const like = separator === "&&" ? /^[\s\\`]*&&[\s\\`]*$/ : /^[\s\\`]*(?:;[\s\\`]*|\n\s*)$/;
  const found = parts.map(([from, to]) => text.slice(from, to)).filter((gap) => like.test(gap));
  const fallback = separator === "&&" ? " && " : script.isHeredoc ? "\n" : "; ";
  return found.at(-1) ?? fallback;
}
