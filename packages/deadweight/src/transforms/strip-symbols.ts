import type { StrippedElf } from "../binary/strip-elf.ts";
import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type EntryEdit, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { debuggedFiles, type DebuggedFile } from "../facts/debugged-files.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import { fixedSums } from "./update-package-records/fixed-sums.ts";
import { shownContent } from "./update-package-records/shown-content.ts";

/** Cuts symbols and debug information out of programs and libraries whose headers prove that nothing else is missed. */
export const stripSymbols: Transform = defineTransform({
  name: "strip-symbols",
  title: "Cut symbols and debug information out of programs and libraries",
  safety: "verified",
  order: 55,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const made = decisions(facts, context);
    const edits = made.flatMap(({ target, files, verdict }): PlannedEdit[] => {
      if (typeof verdict === "string") return [];
      return [{ entry: target, edit: editOf(tree, context, target, verdict), reason: reasonOf(tree, target, files, verdict) }];
    });
    const left = made.filter(({ verdict }) => typeof verdict === "string");
    const notes = [...Map.groupBy(left, ({ verdict }) => verdict as string)].map(([reason, group]) =>
      noteOf(tree, reason, group),
    );
    return { edits, notes };
  },
});

/** One stored content that containers will see, and what becomes of it; a text says why it stays. */
interface Decision {
  readonly target: number;
  readonly files: readonly DebuggedFile[];
  readonly verdict: StrippedElf | string;
}

function decisions(facts: Facts, context: PlanContext): readonly Decision[] {
  const tree = facts.get(fileTree);
  const files = facts.get(debuggedFiles).flatMap((file) => {
    const target = shownContent(tree, context, file.content);
    return target === undefined || !context.mayEdit(tree.layerOf(target)) ? [] : [{ target, file }];
  });
  const fixed = fixedSums(facts, context, new Set(files.map(({ file }) => file.content)));
  return [...Map.groupBy(files, ({ target }) => target)].map(([target, group]): Decision => {
    const members = group.map(({ file }) => file);
    return { target, files: members, verdict: verdictOf(tree, context, { target, files: members, fixed }) };
  });
}

interface Asked {
  readonly target: number;
  readonly files: readonly DebuggedFile[];
  readonly fixed: ReadonlyMap<number, string>;
}

/** All names that will show the content must allow it. */
function verdictOf(tree: FileTree, context: PlanContext, { target, files, fixed }: Asked): StrippedElf | string {
  let verdict: StrippedElf | string = "it is not in the image any more";
  for (const { content, names, stripped } of files) {
    const reason = fixed.get(content) ?? (names.some((name) => context.isKept(tree.path(name))) ? "it is to be kept" : undefined);
    if (reason !== undefined || typeof stripped === "string") return reason ?? stripped;
    if (tree.hash(content) !== tree.hash(target)) return "a layer below has another content for it";
    verdict = stripped;
  }
  return verdict;
}

/** What is seen in place of a higher copy has that one's attributes. */
function editOf(tree: FileTree, context: PlanContext, target: number, { pieces, size }: StrippedElf): EntryEdit {
  const edit = context.editOf(target);
  const of =
    edit?.action === "take-attributes" ? edit.of : context.isUncovered(target) ? tree.visible(tree.nodeOf(target)) : undefined;
  return { action: "cut-content", pieces, size, ...(of === undefined ? {} : { of }) };
}

/** What went, and the other names that show it, as a change is told of one path. */
function reasonOf(tree: FileTree, target: number, files: readonly DebuggedFile[], { removed }: StrippedElf): string {
  const paths = new Set(files.flatMap(({ names }) => names.map((name) => textOf(tree.path(name)))));
  paths.delete(textOf(tree.path(target)));
  const also = paths.size === 0 ? "" : `; also ${[...paths].map((path) => `/${path}`).join(", ")}`;
  const sections = someOf(removed.map(textOf), 4, removed.length);
  return `debug-symbols: without ${sections}; stack traces show addresses for what is not exported${also}`;
}

function noteOf(tree: FileTree, reason: string, group: readonly Decision[]): string {
  const paths = group.flatMap(({ files }) => files.map(({ content }) => `/${textOf(tree.path(content))}`));
  return `symbols stay in ${countOf(paths.length, "file")}, ${someOf(paths.slice(0, 3), 3, paths.length)}: ${reason}`;
}
