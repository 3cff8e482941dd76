import type { EditContext } from "../../contracts/edit.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { programOf, type ShellCommand } from "../../dockerfile/shell-script.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import { compilingRequirement, pythonInstalls } from "./python-installs.ts";

/** Something in a Dockerfile that compiles, or may. */
export interface CompileSignal {
  readonly instruction: Instruction;
  /** In words, for a sentence: `gcc runs in line 4`. */
  readonly what: string;
  /** Where it stands in the file, in characters. */
  readonly at: number;
}

const compilers =
  /^(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|g?make|cmake|ninja|meson|bazel|scons|ld|nvcc|gfortran|cargo|rustc|rustup|go|configure|autoconf|autoreconf|setup\.py|cython)(?:-[\d.]+)?$/;

const scripts = /\.(?:sh|bash)$/;

/** What compiles, or may, in some RUNs: compilers, installs from source, scripts whose text is not here, settings for them. */
export function compileSignals(context: EditContext, steps: readonly RunStep[]): readonly CompileSignal[] {
  return [...steps.flatMap((step) => signalsOf(context, step)), ...installSignals(context, steps)].sort(
    (one, other) => one.at - other.at,
  );
}

function signalsOf(context: EditContext, step: RunStep): readonly CompileSignal[] {
  const { instruction, script } = step;
  const { line, start } = instruction;
  if (script === undefined) return [{ instruction, what: `what line ${line} runs is not known`, at: start }];
  return script.commands.flatMap((command): CompileSignal[] => {
    const what = compiles(context, command);
    return what === undefined ? [] : [{ instruction, what: `${what} in line ${line}`, at: command.start }];
  });
}

function compiles(context: EditContext, command: ShellCommand): string | undefined {
  const program = programOf(command);
  if (program === "") return `${command.words[0]?.text ?? ""} may compile`;
  if (compilers.test(program)) return `${program} runs`;
  const values = command.words.map(({ value }) => value ?? "");
  if (/^python[\d.]*$/.test(program) && values.some((value) => /^(?:.*\/)?setup\.py$|^build_ext$/.test(value)))
    return "setup.py runs";
  if (/^pip[\d.]*$/.test(program) && values[1] === "wheel") return "pip wheel runs";
  if (/^npm$|^yarn$|^pnpm$/.test(program) && values.includes("rebuild")) return `${program} rebuild runs`;
  const script = /^(?:ba|da|a)?sh$|^source$|^\.$/.test(program)
    ? values.slice(1).find((value) => !value.startsWith("-"))
    : values[0];
  return script !== undefined && scripts.test(script) ? scriptSignal(context, script) : undefined;
}

/** A script of the build context is read for the names of compilers. */
function scriptSignal(context: EditContext, path: string): string | undefined {
  const text = context.readContextFile(path.replace(/^\.?\/+/, "")) ?? context.readContextFile(path.replace(/^.*\//, ""));
  if (text === undefined) return `the script ${path} may compile`;
  const found = /\b(?:gcc|g\+\+|clang|make|cmake|ninja|nvcc|cargo|setup\.py|pip|uv)\b/.exec(text)?.[0];
  return found === undefined ? undefined : `the script ${path} runs ${found}`;
}

function installSignals(context: EditContext, steps: readonly RunStep[]): readonly CompileSignal[] {
  return pythonInstalls(context, steps).flatMap((install): CompileSignal[] => {
    const source = compilingRequirement(install);
    const { instruction } = install.step;
    if (source === undefined) return [];
    const what = source.startsWith("--") ? `${source} may build from source` : `${source} is built from source`;
    return [{ instruction, what: `${what} in line ${instruction.line}`, at: install.use.command.start }];
  });
}
