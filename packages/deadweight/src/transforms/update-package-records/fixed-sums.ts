import type { Facts } from "../../contracts/fact.ts";
import type { PlanContext } from "../../contracts/transform.ts";
import { capturedContent } from "../../facts/captured-content.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { byteStringOf, textOf, type ByteString } from "../../lib/byte-string.ts";
import { editableRecords } from "./editable-records.ts";
import { recordFolder, recordKinds, type RecordKind } from "./record-kinds.ts";
import { linesOf } from "./renew-record.ts";

/** Of the given contents those whose sum is in a record that can't follow a change of them, each with the reason. */
export function fixedSums(facts: Facts, context: PlanContext, contents: ReadonlySet<number>): ReadonlyMap<number, string> {
  const tree = facts.get(fileTree);
  const fixed = divertedContents(facts, tree);
  if (contents.size === 0) return fixed;
  const names = baseNames(tree, contents);
  const mayEdit = editableRecords(tree, context);
  for (const { kind, node } of recordsWithSums(tree)) {
    const record = tree.visible(node);
    if (context.isRemoved(record)) continue;
    const path = textOf(tree.path(record));
    const bytes = capturedContent(facts, record);
    if (bytes === undefined) {
      for (const content of contents) fixed.set(content, `/${path} may have its sum, and could not be looked into`);
      continue;
    }
    const reason =
      mayEdit(record) && !isSigned(tree, tree.path(record)) ? undefined : `its sum is in /${path}, which has to stay`;
    for (const line of linesOf(byteStringOf(bytes))) {
      const content = listedContent(tree, kind.pathOf(line.trimEnd(), recordFolder(tree, node)), names);
      if (!contents.has(content)) continue;
      const why = kind.renew?.(line, { size: 0, sha256: "" }) === "unknown" ? `/${path} has a sum of another kind` : reason;
      if (why !== undefined) fixed.set(content, why);
    }
  }
  return fixed;
}

/** dpkg-divert(1): the sum in md5sums is that of a file under another name. Three lines each: from, to, package. */
function divertedContents(facts: Facts, tree: FileTree): Map<number, string> {
  const list = tree.find("var/lib/dpkg/diversions");
  const bytes = list < 0 ? undefined : capturedContent(facts, list);
  const entries = [...linesOf(byteStringOf(bytes ?? new Uint8Array(0)))].map((line) => tree.resolve(line.trimEnd()));
  return new Map(
    entries.filter((entry) => entry >= 0).map((entry) => [tree.contentOf(entry), "dpkg diverts it, or another file to it"]),
  );
}

function recordsWithSums(tree: FileTree): { kind: RecordKind; node: number }[] {
  return recordKinds
    .filter(({ renew }) => renew !== undefined)
    .flatMap((kind) => kind.patterns.flatMap((pattern) => [...tree.glob(pattern)]).map((node) => ({ kind, node })));
}

/** PEP 427: a distribution may sign its RECORD. */
function isSigned(tree: FileTree, path: ByteString): boolean {
  return [".jws", ".p7s"].some((ending) => tree.find(path + ending) >= 0);
}

function baseNames(tree: FileTree, contents: ReadonlySet<number>): ReadonlySet<ByteString> {
  const names = new Set<ByteString>();
  for (const entry of tree.all()) if (contents.has(tree.contentOf(entry))) names.add(tree.paths.name(tree.nodeOf(entry)));
  return names;
}

/** Most lines are of other files: their last name tells. */
function listedContent(tree: FileTree, path: ByteString, names: ReadonlySet<ByteString>): number {
  if (!names.has(path.slice(path.lastIndexOf("/") + 1))) return -1;
  const entry = tree.resolve(path);
  return entry < 0 ? -1 : tree.contentOf(entry);
}
