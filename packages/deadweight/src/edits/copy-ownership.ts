import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, type CommandUse } from "../dockerfile/command-use.ts";
import { joinedText } from "../dockerfile/joined-text.ts";
import type { Instruction, Replacement } from "../model/dockerfile.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { layerClaims, unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";
import { wholeLines } from "./evidence/whole-lines.ts";

const name = "copy-ownership";

/** Owners and modes given by COPY. */
export const copyOwnership: Edit = defineEdit({
  name,
  title: "COPY --chown and --chmod instead of a RUN that stores every file again",
  safety: "verified",
  order: 25,
  meaning:
    "`RUN chown -R app /srv` stores all of /srv a second time, since a layer can't say that only the owner changed. COPY --chown gives the " +
    "owner when the files are brought. The same goes for chmod of a file that was copied.",
  risk:
    "The user must exist where COPY stands: a name is taken only when a RUN above creates it, or when it is a number. The folder itself keeps " +
    "its chown, without -R, as COPY leaves folders that exist as they are. Where a RUN between may have written below the folder, where several " +
    "paths or other options are given, and for `chmod -R`, which is for files and folders alike, it is only said.",
  checks: ["modes-and-owners", "file-tree", "health"],
  example: {
    before: "FROM debian:bookworm\nRUN useradd app\nCOPY . /srv\nRUN chown -R app:app /srv\n",
    after: "FROM debian:bookworm\nRUN useradd app\nCOPY --chown=app:app . /srv\nRUN chown app:app /srv\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => step.uses.map((use) => findingFor(context, step, use)))),
});

function findingFor(context: EditContext, step: ScriptStep, use: CommandUse): Finding {
  if (use.tool !== "chown" && use.tool !== "chmod") return undefined;
  const [whom, path, ...more] = use.operands.map(({ value }) => value);
  if (whom === undefined || path === undefined || !path.startsWith("/") || /[*?]/.test(path)) return undefined;
  const copies = copiesTo(context, step, path);
  if (copies.length === 0) return undefined;
  const { instruction } = step;
  const isRecursive = hasOption(use, "-R", "--recursive");
  const flag = use.tool === "chown" ? ownerFlag(whom) : modeFlag(whom, isRecursive);
  const why =
    more.length > 0
      ? "several paths are given"
      : flag === undefined
        ? `COPY knows no ${JSON.stringify(whom)} of this kind`
        : whyNot(context, step, use, copies, path);
  const message = `${use.tool} stores again what ${copies.map(({ line }) => `line ${line}`).join(", ")} copied`;
  if (why !== undefined || flag === undefined) return { instruction, message: `${message}; left alone: ${why ?? ""}` };
  const saving = savingFor(context, instruction);
  if (saving === undefined) return undefined;
  return {
    instruction,
    message,
    reason: "the files get the same owner and mode when they are brought",
    replacements: [...copies.map((copy) => flagBehind(copy, flag)), ...remains(context, step, use, isRecursive)],
    saving,
  };
}

/** COPYs of the stage above a step whose destination is the path or below it. */
function copiesTo({ dockerfile }: EditContext, { stage, instruction, folder }: ScriptStep, path: string): readonly Instruction[] {
  return stage.instructions.filter((one) => {
    if ((one.keyword !== "COPY" && one.keyword !== "ADD") || one.start > instruction.start || one.exec !== undefined)
      return false;
    const destination = destinationOf(dockerfile, one, folder);
    return destination !== undefined && `${destination}/`.startsWith(`${path.replace(/\/+$/, "")}/`);
  });
}

function destinationOf(dockerfile: EditContext["dockerfile"], copy: Instruction, folder: string | undefined): string | undefined {
  const joined = joinedText(dockerfile.text, dockerfile.escape, copy.rest);
  const words = joined.words().map(({ start, end }) => joined.text.slice(start, end));
  const last = words.at(-1) ?? "";
  if (/[$"']/.test(last) || (!last.startsWith("/") && folder === undefined)) return undefined;
  const whole = last.startsWith("/") ? last : `${folder ?? ""}/${last.replace(/^(?:\.\/)+/, "").replace(/^\.$/, "")}`;
  const isFolder = whole.endsWith("/");
  const source = words.at(-2) ?? "";
  const named = isFolder && words.length === 2 && /^[\w.-]+\.\w+$/.test(source) ? `${whole}${source}` : whole;
  return named.replace(/\/+$/, "") || "/";
}

/** `user:group`, as COPY has it; a user alone gets the group of its number there, so root's group is named. */
function ownerFlag(whom: string): string | undefined {
  if (/^[\w-]+:[\w-]+$/.test(whom)) return `--chown=${whom}`;
  return /^[\w-]+$/.test(whom) ? `--chown=${whom}:0` : undefined;
}

/** Octal, or what makes a file of mode 644 a program. */
function modeFlag(mode: string, isRecursive: boolean): string | undefined {
  if (isRecursive) return undefined;
  if (/^[0-7]{3,4}$/.test(mode)) return `--chmod=${mode}`;
  return /^a?\+x$/.test(mode) ? "--chmod=755" : undefined;
}

function whyNot(
  context: EditContext,
  step: ScriptStep,
  use: CommandUse,
  copies: readonly Instruction[],
  path: string,
): string | undefined {
  if (use.command.nesting !== undefined || use.command.redirects.length > 0) return "the command is part of a larger one";
  const others = use.options.filter(({ name: option }) => !/^(?:-R|--recursive|-v|-c|-f)$/.test(option));
  if (others.length > 0) return `of its option ${others[0]?.name ?? ""}`;
  if (copies.some(({ flags }) => flags.some(({ name: flag }) => flag === (use.tool === "chown" ? "chown" : "chmod"))))
    return "COPY has such a flag already";
  if (use.tool === "chmod" && copies.length > 1) return "several files were copied there";
  const [first] = copies;
  if (first === undefined) return "nothing was copied";
  if (use.tool === "chown" && !userExists(context, step, first, use.operands[0]?.value ?? ""))
    return "its user is not known where COPY stands: create it above";
  return writerBetween(context, step, use, path, first);
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

function writerBetween(
  context: EditContext,
  step: ScriptStep,
  use: CommandUse,
  path: string,
  first: Instruction,
): string | undefined {
  const between = shippedSteps(context).filter(
    (one) => one.stage === step.stage && one.instruction.start <= step.instruction.start && isNear(one, path, first),
  );
  const writer = between.find(({ script }) =>
    script.commands.some((command) => {
      if (command === use.command || (command.start === use.command.start && command.end === use.command.end)) return false;
      const known = step.uses.concat(between.flatMap((one) => one.uses)).find((one) => one.command.start === command.start);
      const isKnown = known !== undefined && harmless.test(known.tool) && !hasOption(known, "-e", "--editable", "-t", "--target");
      const isUsers = /^(?:useradd|adduser|groupadd|addgroup|echo|true|set)$/.test(command.words[0]?.value ?? "");
      return (!isKnown && !isUsers) || command.words.slice(1).some(({ text }) => text.includes(path) && known?.tool !== "chown");
    }),
  );
  return writer && `line ${writer.instruction.line} may write there`;
}

/** RUNs behind the first COPY, and those that work in the folder or name it. */
function isNear({ instruction, folder, script }: ScriptStep, path: string, first: Instruction): boolean {
  const isWithin = `${folder ?? ""}/`.startsWith(`${path}/`);
  return (
    instruction.start > first.start ||
    isWithin ||
    script.commands.some(({ words }) => words.some(({ text }) => text.includes(path)))
  );
}

function flagBehind(copy: Instruction, flag: string): Replacement {
  const at = copy.start + copy.keyword.length;
  return { start: at, end: at, text: ` ${flag}` };
}

/** The folder itself keeps its chown; the command for a file goes, with its RUN where that does nothing else. */
function remains(
  { dockerfile }: EditContext,
  { instruction, script }: ScriptStep,
  use: CommandUse,
  isRecursive: boolean,
): readonly Replacement[] {
  const { text } = dockerfile;
  if (isRecursive) {
    const option = use.options.find(({ name: flag }) => flag === "-R" || flag === "--recursive")?.word;
    if (option === undefined) return [];
    const others = option.text.replace(/^-R$|^--recursive$|R/, "").replace(/^-$/, "");
    const end = others === "" ? option.end + (/^[ \t]+/.exec(text.slice(option.end))?.[0].length ?? 0) : option.end;
    return [{ start: option.start, end, text: others }];
  }
  if (script.commands.length === 1) return [{ ...wholeLines(text, instruction), text: "" }];
  const statement = script.statements[use.command.statement];
  const next = statement?.steps[use.command.step + 1];
  const previous = statement?.steps[use.command.step - 1];
  if (next !== undefined) return [{ start: use.command.start, end: next.start, text: "" }];
  if (previous !== undefined) return [{ start: previous.end, end: use.command.end, text: "" }];
  return [{ start: use.command.start, end: use.command.end, text: "true" }];
}

function savingFor(context: EditContext, instruction: Instruction): ProposedSaving | undefined {
  if (context.built === undefined || context.built.layersOf(instruction).length === 0) return unknownSaving;
  const claims = layerClaims(context, instruction, ["metadata-rewrites"]);
  return claims.length > 0 || context.isAsked(name) ? { claims } : undefined;
}
