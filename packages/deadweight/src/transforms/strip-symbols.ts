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
  plan: (facts, context) =>
    decisions(facts, context).flatMap(({ target, files, verdict }): PlannedEdit[] =>
      typeof verdict === "string"
        ? []
        : [{ entry: target, edit: editOf(context, target, verdict), reason: reasonOf(verdict, files) }],
    ),
  notes: (facts, context) => {
    const tree = facts.get(fileTree);
    const left = decisions(facts, context).filter(({ verdict }) => typeof verdict === "string");
    return [...Map.groupBy(left, ({ verdict }) => verdict as string)].map(([reason, group]) => noteOf(tree, reason, group));
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

/** What takes the attributes of a higher copy goes on doing so. */
function editOf({ editOf: before }: PlanContext, target: number, { pieces, size }: StrippedElf): EntryEdit {
  const edit = before(target);
  return { action: "cut-content", pieces, size, ...(edit?.action === "take-attributes" ? { of: edit.of } : {}) };
}

function reasonOf({ removed }: StrippedElf, files: readonly DebuggedFile[]): string {
  const names = someOf(removed.map(textOf), 4, removed.length);
  const links = files.reduce((count, file) => count + file.names.length, 0) > 1 ? ", for all its names" : "";
  return `debug-symbols: without ${names}${links}; stack traces show addresses for what is not exported`;
}

function noteOf(tree: FileTree, reason: string, group: readonly Decision[]): string {
  const paths = group.flatMap(({ files }) => files.map(({ content }) => `/${textOf(tree.path(content))}`));
  return `symbols stay in ${countOf(paths.length, "file")}, ${someOf(paths.slice(0, 3), 3, paths.length)}: ${reason}`;
}
