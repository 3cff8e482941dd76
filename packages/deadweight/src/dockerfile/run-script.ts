import type { Dockerfile, Instruction } from "../model/dockerfile.ts";
import { parseShell } from "./parse-shell.ts";
import type { ShellScript } from "./shell-script.ts";

/** The shell that Docker takes when no SHELL says otherwise. */
export const defaultShell: readonly string[] = ["/bin/sh", "-c"];

const posixShell = /^(?:.*\/)?(?:sh|bash|dash|ash)$/;

/** What a RUN has a POSIX shell do; undefined for an exec form, another shell or interpreter, and what can't be read. */
export function runScript(
  dockerfile: Pick<Dockerfile, "mask">,
  instruction: Instruction,
  shell: readonly string[] = defaultShell,
): ShellScript | undefined {
  const { rest, heredocs, exec, end } = instruction;
  if (instruction.keyword !== "RUN" || exec !== undefined) return undefined;
  const [program = "", ...options] = shell;
  if (!posixShell.test(program)) return undefined;
  const stopsOnFailure = options.some(isErrexit);
  const line = dockerfile.mask.slice(rest.start, rest.end);
  const [first] = heredocs;
  if (first === undefined) return parseShell({ text: line, start: rest.start, isHeredoc: false, stopsOnFailure });
  const isWhole = heredocs.length === 1 && /^\d*<<-?\s*(?:"[^"]*"|'[^']*'|\w+)$/.test(line);
  if (!isWhole)
    return parseShell({ text: dockerfile.mask.slice(rest.start, end), start: rest.start, isHeredoc: false, stopsOnFailure });
  const text = dockerfile.mask.slice(first.body.start, first.body.end);
  const [, interpreter, words = ""] = /^\s*#!\s*(\S+)([^\n]*)/.exec(text) ?? [];
  if (interpreter === undefined) return parseShell({ text, start: first.body.start, isHeredoc: true, stopsOnFailure });
  const named = interpreter.endsWith("/env") ? words.trim().split(/\s+/) : [interpreter, ...words.trim().split(/\s+/)];
  if (!posixShell.test(named[0] ?? "")) return undefined;
  return parseShell({ text, start: first.body.start, isHeredoc: true, stopsOnFailure: named.slice(1).some(isErrexit) });
}

function isErrexit(option: string): boolean {
  return /^-\w*e/.test(option) || option === "errexit";
}
