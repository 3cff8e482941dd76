import type { EditContext } from "../../contracts/edit.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { byteStringFromText } from "../../lib/byte-string.ts";
import { hasOption, type CommandUse } from "../../dockerfile/command-use.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";
import { broughtBy, type Reach } from "./brought-by.ts";

/** A chown or chmod of what COPYs of its stage brought. */
export interface Change {
  readonly use: CommandUse;
  /** Owner or mode, as written. */
  readonly whom: string;
  readonly reaches: readonly Reach[];
  /** In the order of the Dockerfile, at least one. */
  readonly copies: readonly Instruction[];
  /** What COPY would be told; absent where it knows nothing of this kind. */
  readonly flag?: string;
}

/** What a command changes of copied files; undefined when it changes none, or none that is known. */
export function changeOf(context: EditContext, step: ScriptStep, use: CommandUse): Change | undefined {
  if (use.tool !== "chown" && use.tool !== "chmod") return undefined;
  const isRecursive = hasOption(use, "-R", "--recursive");
  const whom = use.operands[0]?.value;
  const paths = pathsOf(use);
  if (whom === undefined || paths === undefined || paths.some((path) => !/^\/[^*?[]/.test(path))) return undefined;
  const reaches = paths.map((path): Reach => ({ path, isRecursive }));
  const found = new Set(reaches.flatMap((reach) => broughtBy(context, step, reach)));
  const copies = [...found].sort((one, other) => one.start - other.start);
  if (copies.length === 0) return undefined;
  const flag = use.tool === "chown" ? ownerFlag(whom) : modeFlag(context, whom, reaches);
  return { use, whom, reaches, copies, ...(flag !== undefined && { flag }) };
}

/** The paths of a chown or chmod, without slashes at their ends; undefined where one is not known. */
export function pathsOf({ operands }: CommandUse): readonly string[] | undefined {
  const values = operands.slice(1).map(({ value }) => value);
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length || known.length === 0 ? undefined : known.map((one) => one.replace(/(?<=.)\/+$/, ""));
}

/** `user:group`, as COPY has it; a user alone gets the group of its number there, so root's group is named. */
function ownerFlag(whom: string): string | undefined {
  if (/^[\w-]+:[\w-]+$/.test(whom)) return `--chown=${whom}`;
  return /^[\w-]+$/.test(whom) ? `--chown=${whom}:0` : undefined;
}

/**
 * Octal without the bits of user, group and folder, which BuildKit drops; `+x` of single files. BuildKit of Docker 20.10 passes over
 * symbolic modes without a word, so they are never given.
 */
function modeFlag({ built }: EditContext, mode: string, reaches: readonly Reach[]): string | undefined {
  if (/^0?[0-7]{3}$/.test(mode)) return `--chmod=${mode}`;
  if (!/^a?\+x$/.test(mode) || reaches.some(({ isRecursive }) => isRecursive)) return undefined;
  if (built === undefined) return "--chmod=755";
  const tree = built.facts.get(fileTree);
  const modes = new Set(
    reaches.map(({ path }) => {
      const node = tree.find(byteStringFromText(path.slice(1)));
      const entry = node < 0 ? -1 : tree.visible(node);
      return entry < 0 ? 0o755 : tree.mode(entry) & 0o7777;
    }),
  );
  const [one = 0] = modes;
  return modes.size === 1 && one <= 0o777 ? `--chmod=${one.toString(8).padStart(3, "0")}` : undefined;
}
