import type { EditContext } from "../../contracts/edit.ts";
import { hasOption, type CommandUse } from "../../dockerfile/command-use.ts";
import type { ShellCommand } from "../../dockerfile/shell-script.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import { shippedSteps, type ScriptStep } from "../evidence/shipped-steps.ts";
import { bringsFile, destinationOf, mayUnpack } from "./brought-by.ts";
import { pathsOf, type Change } from "./change.ts";

/** Why COPY can't do what a chown or chmod does, with the same result for every file; undefined when it can. */
export function whyNot(context: EditContext, step: ScriptStep, change: Change): string | undefined {
  const { use, copies } = change;
  const { command } = use;
  const statement = step.script.statements[command.statement];
  if (command.nesting !== undefined || command.redirects.length > 0 || statement?.operators.includes("||") !== false)
    return "the command is part of a larger one";
  const other = use.options.find(({ name }) => !/^(?:-R|--recursive|-v|-c|-f)$/.test(name));
  if (other !== undefined) return `of its option ${other.name}`;
  if (copies.some(({ flags }) => flags.some(({ name }) => name === use.tool))) return "COPY has such a flag already";
  if (copies.some((copy) => copy.flags.some(({ name }) => name === "parents"))) return "COPY --parents brings more folders";
  if (copies.some((copy) => mayUnpack(context, copy))) return "ADD may unpack what it brings";
  return whyNotExact(context, step, change) ?? writerBefore(context, step, change);
}

function whyNotExact(context: EditContext, step: ScriptStep, { use, copies, reaches, whom }: Change): string | undefined {
  const [first] = copies;
  if (first === undefined) return "nothing was copied";
  for (const { path, isRecursive } of reaches) {
    const own = copies.filter((copy) => `${destinationOf(context.dockerfile, copy, step.folder) ?? ""}/`.startsWith(`${path}/`));
    if (own.length === 0) return `no COPY brings ${path}`;
    if (isRecursive && use.tool === "chmod") {
      // Folders above a destination that COPY makes have mode 755 in any case.
      if (own.some((copy) => destinationOf(context.dockerfile, copy, step.folder) !== path))
        return `COPY brings a part of ${path} alone`;
    } else if (!isRecursive && own.length > 1) return "several files were copied there";
    else if (!isRecursive && own.some((copy) => !bringsFile(context, copy, path)))
      return `${path} may be a folder, whose files keep theirs`;
  }
  if (use.tool === "chmod") return undefined;
  if (!userExists(context, step, first, whom)) return "its user is not known where COPY stands: create it above";
  const isLinked = copies.some(({ flags }) => flags.some(({ name }) => name === "link"));
  return isLinked && /[a-z]/i.test(whom) ? "COPY --link knows no users by name" : undefined;
}

/** A number, or a name that a RUN above COPY creates. */
function userExists({ dockerfile }: EditContext, { stage }: ScriptStep, copy: Instruction, whom: string): boolean {
  const names = whom.split(":").filter((one) => !/^(?:\d+|root)$/.test(one));
  const above = dockerfile.text.slice(stage.from.start, copy.start);
  return names.every((one) =>
    new RegExp(`\\b(?:useradd|adduser|groupadd|addgroup)\\b[^\\n]*(?:\\\\\\n[^\\n]*)*\\b${one}\\b`).test(above),
  );
}

/** Commands that write nothing below a folder of the program but by a path that they are told. */
const harmless = /^(?:apt|dpkg|pip|uv|apk|dnf|rm|find|chown|chmod)$/;

/** A command between COPY and the change that may make files there, or give them what the change takes away again. */
function writerBefore(context: EditContext, step: ScriptStep, change: Change): string | undefined {
  const { start } = change.use.command;
  for (const one of shippedSteps(context)) {
    if (one.stage !== step.stage || one.instruction.start > step.instruction.start || !isNear(one, change)) continue;
    const writes = one.script.commands.some((command) => command.start < start && mayWrite(one, command, change));
    if (writes) return `line ${one.instruction.line} may write there`;
  }
  return undefined;
}

function mayWrite({ uses }: ScriptStep, command: ShellCommand, { use, reaches }: Change): boolean {
  const known = uses.find((one) => one.command.start === command.start);
  const named = command.words.slice(1).filter(({ text }) => reaches.some(({ path }) => text.includes(path)));
  if (known?.tool === "chown" || known?.tool === "chmod") return known.tool === use.tool ? named.length > 0 : !isPlain(known);
  const program = command.words[0]?.value ?? "";
  if (program === "mkdir") return named.some(({ value }) => !reaches.some(({ path }) => path === value?.replace(/\/+$/, "")));
  const isKnown = known !== undefined && harmless.test(known.tool) && !hasOption(known, "-e", "--editable", "-t", "--target");
  const isUsers = /^(?:useradd|adduser|groupadd|addgroup|echo|true|set)$/.test(program);
  return (!isKnown && !isUsers) || named.length > 0;
}

/** A chown is plain, and a chmod that neither gives nor takes what chown takes away: the bits that set the user or the group. */
function isPlain({ tool, operands }: CommandUse): boolean {
  return tool === "chown" || /^(?:0?[0-7]{3}|[ugoa]*[-+=][rwxX]+(?:,[ugoa]*[-+=][rwxX]+)*)$/.test(operands[0]?.value ?? "");
}

/** RUNs behind the first COPY, and those that work in one of the folders or name it. */
function isNear({ instruction, folder, script }: ScriptStep, { copies, reaches }: Change): boolean {
  const isWithin = reaches.some(({ path }) => `${folder ?? ""}/`.startsWith(`${path}/`));
  return (
    instruction.start > (copies[0]?.start ?? 0) ||
    isWithin ||
    script.commands.some(({ words }) => words.some(({ text }) => reaches.some(({ path }) => text.includes(path))))
  );
}

/** Why a change moves nothing, or another result, beside one of the same RUN that stays: it stores the same files in any case. */
export function whyNotBeside({ reaches }: Change, stays: CommandUse): string | undefined {
  const rival = `${stays.tool} ${stays.operands[0]?.text ?? ""}`;
  const others = pathsOf(stays);
  if (others === undefined) return `${rival} has paths that are not known`;
  const isAbove = reaches.some(({ path }) => others.some((other) => `${path}/`.startsWith(`${other}/`.replace("//", "/"))));
  const isAll = hasOption(stays, "-R", "--recursive") || reaches.every(({ isRecursive }) => !isRecursive);
  return isAbove && isAll ? `${rival} stores the same files again` : undefined;
}
