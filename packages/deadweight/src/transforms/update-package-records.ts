import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { capturedContent } from "../facts/captured-content.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { byteStringOf, bytesOf, type ByteString } from "../lib/byte-string.ts";
import { keepLines, recordedPath, summedPath } from "./update-package-records/keep-lines.ts";

/** Takes removed files out of the lists of dpkg's packages and of Python's distributions that stay. */
export const updatePackageRecords: Transform = defineTransform({
  name: "update-package-records",
  title: "Take removed files out of the lists of the packages that had them",
  safety: "lossless",
  order: 60,
  follows: true,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const gone = goneNodes(tree, context);
    if (gone.size === 0) return [];
    const shared = sharedContents(tree, context);
    return records.flatMap(({ pattern, isGone }) =>
      [...tree.glob(pattern)]
        .filter((node) => isFree(tree, context, tree.visible(node), shared))
        .flatMap((node) => {
          const folder = tree.paths.path(tree.paths.parent(tree.paths.parent(node)));
          return updated(facts, tree.visible(node), (line) => isGone(tree, gone, line, folder));
        }),
    );
  },
});

type Nodes = ReadonlySet<number>;

interface RecordKind {
  readonly pattern: string;
  /** Whether a line is of a file that is gone; `folder` is the one above the record's own. */
  readonly isGone: (tree: FileTree, gone: Nodes, line: ByteString, folder: ByteString) => boolean;
}

const records: readonly RecordKind[] = [
  { pattern: "var/lib/dpkg/info/*.list", isGone: (tree, gone, line) => isGoneFromRoot(tree, gone, line) },
  { pattern: "var/lib/dpkg/info/*.md5sums", isGone: (tree, gone, line) => isGoneFromRoot(tree, gone, summedPath(line)) },
  {
    pattern: "**/*.dist-info/RECORD",
    isGone: (tree, gone, line, folder) => {
      const path = recordedPath(line);
      return path !== "" && gone.has(tree.paths.find(path.startsWith("/") ? path : `${folder}/${path}`));
    },
  },
];

/** dpkg lists `/lib/x` for what lies at `/usr/lib/x` where `/lib` is a link. */
function isGoneFromRoot(tree: FileTree, gone: Nodes, path: ByteString): boolean {
  if (path === "" || path === "/.") return false;
  const isMerged = /^\/?(?:s?bin|lib[^/]*)\//.test(path);
  return gone.has(tree.paths.find(path)) || (isMerged && gone.has(tree.paths.find(`usr/${path}`)));
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

/** Contents that a name which stays shares with another. */
function sharedContents(tree: FileTree, context: PlanContext): ReadonlySet<number> {
  const contents = new Set<number>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    if (content !== entry && !context.isRemoved(entry)) contents.add(content);
  }
  return contents;
}

/** A record with another name, or in a layer that is not edited, stays as it is. */
function isFree(tree: FileTree, context: PlanContext, entry: number, shared: ReadonlySet<number>): boolean {
  if (!context.mayEdit(tree.layerOf(entry)) || context.isKept(tree.path(entry))) return false;
  const isEdited = context.editOf(entry) !== undefined || context.isUncovered(entry);
  return !isEdited && tree.type(entry) === "file" && !shared.has(entry);
}

function updated(facts: Facts, entry: number, isGone: (line: ByteString) => boolean): PlannedEdit[] {
  const bytes = capturedContent(facts, entry);
  const content = bytes === undefined ? undefined : keepLines(byteStringOf(bytes), isGone);
  if (content === undefined) return [];
  return [
    { entry, edit: { action: "rewrite", content: bytesOf(content) }, reason: "package records: removed files are not listed" },
  ];
}
