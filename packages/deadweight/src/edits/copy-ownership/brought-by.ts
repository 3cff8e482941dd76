import type { EditContext } from "../../contracts/edit.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { byteStringFromText } from "../../lib/byte-string.ts";
import { joinedText } from "../../dockerfile/joined-text.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";

/** What stands at a path and below it. */
export interface Reach {
  /** Absolute, without a slash at its end. */
  readonly path: string;
  /** Whether all below is meant. */
  readonly isRecursive: boolean;
}

/** COPYs and ADDs of the stage above a step that bring what stands there. */
export function broughtBy({ dockerfile }: EditContext, step: ScriptStep, { path, isRecursive }: Reach): readonly Instruction[] {
  const { stage, instruction, folder } = step;
  return stage.instructions.filter((one) => {
    if ((one.keyword !== "COPY" && one.keyword !== "ADD") || one.start > instruction.start || one.exec !== undefined)
      return false;
    const destination = destinationOf(dockerfile, one, folder);
    if (destination === undefined) return false;
    return isRecursive ? `${destination}/`.startsWith(`${path}/`) : destination === path;
  });
}

/** Where a COPY puts a folder's content, or a file; undefined where variables decide. */
export function destinationOf(
  dockerfile: EditContext["dockerfile"],
  copy: Instruction,
  folder: string | undefined,
): string | undefined {
  const words = wordsOf(dockerfile, copy);
  const last = words.at(-1) ?? "";
  if (/[$"']/.test(last) || (!last.startsWith("/") && folder === undefined)) return undefined;
  const whole = last.startsWith("/") ? last : `${folder ?? ""}/${last.replace(/^(?:\.\/)+/, "").replace(/^\.$/, "")}`;
  const source = words.at(-2) ?? "";
  const named = whole.endsWith("/") && words.length === 2 && /^[\w.-]+\.\w+$/.test(source) ? `${whole}${source}` : whole;
  return named.replace(/\/+$/, "") || "/";
}

/** Whether a COPY to this path brings one file: by the image, else by the build context, else by its name. */
export function bringsFile({ built, contextFiles, dockerfile }: EditContext, copy: Instruction, path: string): boolean {
  const [source = "", ...more] = wordsOf(dockerfile, copy);
  if (more.length !== 1) return false;
  if (copy.heredocs.length > 0) return true;
  if (built !== undefined) {
    const tree = built.facts.get(fileTree);
    const node = tree.find(byteStringFromText(path.slice(1)));
    const entry = node < 0 ? -1 : tree.visible(node);
    if (entry >= 0) return tree.type(entry) === "file";
  }
  const isSent = !copy.flags.some(({ name }) => name === "from");
  if (contextFiles !== undefined && isSent) return contextFiles.some((one) => one.path === source.replace(/^\.?\/+/, ""));
  return /\.\w+$/.test(source);
}

/** Whether ADD may fetch or unpack one of its sources. */
export function mayUnpack({ dockerfile }: EditContext, { keyword, ...copy }: Instruction): boolean {
  const sources = wordsOf(dockerfile, { keyword, ...copy }).slice(0, -1);
  return keyword === "ADD" && sources.some((one) => /:\/\/|^git@|[$*?[]|\.(?:tar|t?[gx]z|tbz2?|bz2|zst)\b/.test(one));
}

function wordsOf(dockerfile: EditContext["dockerfile"], { rest }: Instruction): readonly string[] {
  const joined = joinedText(dockerfile.text, dockerfile.escape, rest);
  return joined.words().map(({ start, end }) => joined.text.slice(start, end));
}
