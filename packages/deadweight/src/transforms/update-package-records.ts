import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { capturedContent } from "../facts/captured-content.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { byteStringOf, bytesOf, type ByteString } from "../lib/byte-string.ts";
import { editableRecords } from "./update-package-records/editable-records.ts";
import { recordFolder, recordKinds } from "./update-package-records/record-kinds.ts";
import { renewRecord, type ListedChanges, type NewRecord } from "./update-package-records/renew-record.ts";
import { cutSeenAt, type CutEntry } from "./update-package-records/shown-content.ts";

/** Keeps the lists of dpkg's packages and of Python's distributions true: of removed files, and of those with other content. */
export const updatePackageRecords: Transform = defineTransform({
  name: "update-package-records",
  title: "Take removed files out of the lists of the packages that had them, and give changed ones their new sums",
  safety: "lossless",
  order: 60,
  follows: true,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const gone = goneNodes(tree, context);
    const cut = cutFiles(tree, context);
    if (gone.size === 0 && cut.size === 0) return [];
    const mayEdit = editableRecords(tree, context);
    const changes: ListedChanges = {
      isGone: (path) => isGoneFromRoot(tree, gone, path),
      cutAt: (path) => cutAt(tree, cut, path),
    };
    return recordKinds.flatMap((kind) =>
      kind.patterns
        .flatMap((pattern) => [...tree.glob(pattern)])
        .filter((node) => mayEdit(tree.visible(node)))
        .flatMap((node) => {
          const text = capturedContent(facts, tree.visible(node));
          if (text === undefined) return [];
          const record = renewRecord(byteStringOf(text), kind, recordFolder(tree, node), changes);
          return record === undefined ? [] : [editOf(tree.visible(node), record)];
        }),
    );
  },
});

function editOf(entry: number, { content, digests }: NewRecord): PlannedEdit {
  const slots = digests.length === 0 ? {} : { digests };
  const reason = digests.length === 0 ? "removed files are not listed" : "changed files have their new sums";
  return { entry, edit: { action: "rewrite", content: bytesOf(content), ...slots }, reason: `package records: ${reason}` };
}

type Nodes = ReadonlySet<number>;

/** dpkg lists `/lib/x` for what lies at `/usr/lib/x` where `/lib` is a link. */
function isGoneFromRoot(tree: FileTree, gone: Nodes, path: ByteString): boolean {
  if (path === "" || gone.size === 0) return false;
  const isMerged = /^\/?(?:s?bin|lib[^/]*)\//.test(path);
  return gone.has(tree.paths.find(path)) || (isMerged && gone.has(tree.paths.find(`usr/${path}`)));
}

function cutAt(tree: FileTree, cuts: ReadonlyMap<number, CutEntry>, path: ByteString): CutEntry | undefined {
  const entry = cuts.size === 0 || path === "" ? -1 : tree.resolve(path);
  return entry < 0 ? undefined : cuts.get(tree.contentOf(entry));
}

/** Paths that a container no longer sees. */
function goneNodes(tree: FileTree, context: PlanContext): Nodes {
  const nodes = new Set<number>();
  for (const entry of tree.all()) {
    const node = tree.nodeOf(entry);
    if (context.isRemoved(entry) && !tree.stored(node).some(context.isUncovered)) nodes.add(node);
  }
  return nodes;
}

/** By content that a container sees now: the cut of what it will see there. */
function cutFiles(tree: FileTree, context: PlanContext): ReadonlyMap<number, CutEntry> {
  const cuts = new Map<number, CutEntry>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    if (cuts.has(content) || tree.type(content) !== "file") continue;
    const cut = cutSeenAt(tree, context, entry);
    if (cut !== undefined) cuts.set(content, cut);
  }
  return cuts;
}
