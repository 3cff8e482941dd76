import type { EditContext } from "../../contracts/edit.ts";
import { hasOption, type CommandUse } from "../../dockerfile/command-use.ts";
import { programOf, type ShellCommand } from "../../dockerfile/shell-script.ts";
import { isBuildTool } from "../evidence/build-tool-names.ts";
import type { Instruction, Stage } from "../../model/dockerfile.ts";
import { shippedSteps, type ScriptStep } from "../evidence/shipped-steps.ts";
import { isPythonInstall } from "../evidence/python-installs.ts";

/** What of a stage only builds: up to the last RUN that installs Python packages. */
export interface BuildPart {
  /** RUNs that install build tools, and maybe other packages, with apt alone. */
  readonly tools: readonly ScriptStep[];
  /** RUNs that make a virtual environment or install Python packages. */
  readonly installs: readonly ScriptStep[];
  /** The last instruction of the part. */
  readonly last: Instruction;
  /** What is no RUN, and has to be said again in the stage that is shipped. */
  readonly repeated: readonly Instruction[];
  /** Where the virtual environment is. */
  readonly environment?: string;
}

const repeatable = /^(?:ENV|ARG|WORKDIR|LABEL|COPY|ADD|EXPOSE|SHELL|STOPSIGNAL)$/;

/** The part; undefined when the stage has no build tools before its Python packages; or what of it is of another shape than is known. */
export function buildPart(context: EditContext, stage: Stage): BuildPart | { readonly refused: string } | undefined {
  const steps = shippedSteps(context);
  const end = steps.findLast(({ uses }) => uses.some(isPythonInstall))?.instruction;
  const tools = steps.filter((step) => end !== undefined && step.instruction.start < end.start && installsTools(step));
  if (end === undefined || tools.length === 0) return undefined;
  const before = stage.instructions.filter(({ start }) => start <= end.start);
  const odd = before.find(({ keyword }) => keyword !== "RUN" && !repeatable.test(keyword));
  if (odd !== undefined) return { refused: `${odd.keyword} stands before the packages are installed` };
  const installs = steps.filter((step) => step.instruction.start <= end.start && !tools.includes(step));
  const runs = before.filter(({ keyword }) => keyword === "RUN");
  const other = runs.find(({ start }) => ![...tools, ...installs].some(({ instruction }) => instruction.start === start));
  if (other !== undefined) return { refused: `what line ${other.line} runs is not known` };
  const foreign = installs.find(({ script }) => !script.commands.every(isInstalling));
  if (foreign !== undefined) return { refused: `line ${foreign.instruction.line} does more than install Python packages` };
  const environment = environmentOf(installs);
  const repeated = before.filter(({ keyword }) => keyword !== "RUN");
  return { tools, installs, last: end, repeated, ...(environment !== undefined && { environment }) };
}

/** apt-get of build tools and other packages, and what cleans up after it. */
function installsTools({ script, uses }: ScriptStep): boolean {
  const installed = uses.filter(({ tool, verb }) => tool === "apt" && verb === "install").flatMap(({ operands }) => operands);
  const isPlain = script.commands.every(
    (command) =>
      /^(?:apt|apt-get)$/.test(programOf(command)) ||
      (programOf(command) === "rm" && /\/var\/lib\/apt\/lists/.test(textOf(command))),
  );
  return isPlain && installed.some(({ value = "" }) => isBuildTool(value));
}

function textOf({ words }: ShellCommand): string {
  return words.map(({ text }) => text).join(" ");
}

function isInstalling(command: ShellCommand): boolean {
  const text = textOf(command);
  return (
    /^(?:\S*\/)?(?:pip[\d.]*|uv) /.test(text) ||
    /^(?:\S*\/)?python[\d.]* -m (?:venv|pip) /.test(text) ||
    /^rm -rf? \/root\/\.cache/.test(text)
  );
}

/** The folder of `python3 -m venv /opt/venv`. */
function environmentOf(installs: readonly ScriptStep[]): string | undefined {
  const commands = installs.flatMap(({ script }) => script.commands);
  const made = commands.find((command) => /^(?:\S*\/)?python[\d.]* -m venv\b/.test(textOf(command)));
  const folder = made?.words.at(-1)?.value;
  return folder?.startsWith("/") === true ? folder.replace(/\/+$/, "") : undefined;
}

/** Whether all that installs is plain pip, to the place that the interpreter in PATH has. */
export function isPlainPip(installs: readonly ScriptStep[]): boolean {
  const uses = installs.flatMap((step) => step.uses.filter(isPythonInstall));
  return uses.every((use) => {
    const isInPath = !(use.command.words[0]?.value ?? "/").includes("/") && use.command.wrappers.length === 0;
    return use.tool === "pip" && isInPath && use.command.nesting === undefined && !hasPlace(use);
  });
}

function hasPlace(use: CommandUse): boolean {
  return hasOption(use, "--prefix", "--target", "-t", "--user", "--root", "-e", "--editable", "--break-system-packages");
}

/** The one command that installs what the image is for; undefined where there are several, or one with a place of its own. */
export function onlyInstall(installs: readonly ScriptStep[]): CommandUse | undefined {
  const uses = installs.flatMap((step) => step.uses.filter(isPythonInstall)).filter((use) => !isUpgradeOfTools(use));
  const [only] = uses;
  const isPlain = only?.tool === "pip" && only.command.nesting === undefined;
  return uses.length === 1 && isPlain && !hasPlace(only) ? only : undefined;
}

function isUpgradeOfTools({ operands, options }: CommandUse): boolean {
  const isNamed = operands.every(({ value = "" }) => /^(?:pip|setuptools|wheel)\b/.test(value));
  return operands.length > 0 && isNamed && !options.some(({ name }) => name === "-r" || name === "--requirement");
}
