import type { Facts } from "../../contracts/fact.ts";
import type { PlanContext, PlannedEdit } from "../../contracts/transform.ts";
import { capturedContent } from "../../facts/captured-content.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { removalClaims } from "../../facts/removal-claims.ts";
import { textOf } from "../../lib/byte-string.ts";
import { infoStem, type LeavingPackages } from "./leaving-packages.ts";
import { keepParagraphs, type ParagraphKey } from "./paragraphs.ts";

/** Takes packages out of a Debian system and out of the databases of dpkg and apt; `rule` begins the reasons. */
export function dpkgRemovals(facts: Facts, context: PlanContext, leaving: LeavingPackages, rule: string): readonly PlannedEdit[] {
  const status = editableRecord(facts, context, statusPath);
  if (status === undefined || leaving.packages.size === 0) return [];
  const states = editableRecord(facts, context, "var/lib/apt/extended_states");
  return [
    rewriting(status, leaving, `${rule}: what dpkg has installed`),
    ...(states === undefined ? [] : [rewriting(states, leaving, `${rule}: what apt installed for other packages`)]),
    ...leaving.alternatives.flatMap(({ rewritten }): PlannedEdit[] =>
      rewritten === undefined
        ? []
        : [
            {
              entry: rewritten.entry,
              edit: { action: "rewrite", content: rewritten.content },
              reason: `${rule}: alternatives that stay`,
            },
          ],
    ),
    ...removals(facts, leaving, rule),
  ];
}

/** Whether packages can be taken out of dpkg's database. */
export function isDpkgEditable(facts: Facts, context: PlanContext): boolean {
  return editableRecord(facts, context, statusPath) !== undefined;
}

const statusPath = "var/lib/dpkg/status";

interface DatabaseRecord {
  readonly entry: number;
  readonly bytes: Uint8Array;
}

/** A database that can be written anew: a file with no other name, in a layer that may be edited. */
function editableRecord(facts: Facts, context: PlanContext, path: string): DatabaseRecord | undefined {
  const tree = facts.get(fileTree);
  const entry = tree.find(path);
  if (entry < 0 || !context.mayEdit(tree.layerOf(entry)) || context.isKept(path)) return undefined;
  const before = context.editOf(entry);
  const known = before?.action === "rewrite" && before.digests === undefined ? before.content : undefined;
  if (before !== undefined && known === undefined) return undefined;
  const bytes = tree.type(entry) === "file" && !hasOtherName(tree, entry) ? (known ?? capturedContent(facts, entry)) : undefined;
  return bytes === undefined ? undefined : { entry, bytes };
}

function hasOtherName(tree: FileTree, content: number): boolean {
  for (const entry of tree.all()) if (entry !== content && tree.contentOf(entry) === content) return true;
  return false;
}

// Packages of other states have no files: dpkg(1), "Package states". Paragraphs of apt have no state.
const unpacked = /^(?:|unpacked|half-configured|triggers-awaited|triggers-pending|installed)$/;

function rewriting({ entry, bytes }: DatabaseRecord, { packages, staying }: LeavingPackages, reason: string): PlannedEdit {
  const going = new Set([...packages].map(({ name }) => name));
  const known = new Set([...going, ...staying.map(({ name }) => name)]);
  const isGoing = ({ name, architecture, state }: ParagraphKey): boolean => {
    const [plain, qualified] = [textOf(name), `${textOf(name)}:${textOf(architecture)}`];
    return unpacked.test(state) && going.has(known.has(qualified) ? qualified : plain);
  };
  const content = keepParagraphs(bytes, (key) => !isGoing(key));
  return { entry, edit: { action: "rewrite", content }, reason };
}

/** The files, links and records, then the folders that nobody else has, as dpkg leaves none that is empty. */
function removals(facts: Facts, leaving: LeavingPackages, rule: string): PlannedEdit[] {
  const tree = facts.get(fileTree);
  const owners = new Map<number, string>();
  const entries = new Set(leaving.entries);
  for (const one of leaving.packages) {
    for (const node of one.nodes) owners.set(tree.visible(node), one.name);
    for (const entry of recordsOf(tree, infoStem(one) ?? "")) {
      owners.set(entry, one.name);
      entries.add(entry);
    }
  }
  const folders = emptiedFolders(tree, leaving, entries);
  const files = removalClaims(tree, entries).map(({ entry }) => entry);
  return [...files, ...folders].map((entry): PlannedEdit => {
    const owner = owners.get(entry);
    const reason = owner === undefined ? `${rule}: belongs to packages that go` : `${rule}: package ${owner}`;
    return { entry, edit: { action: "remove" }, reason };
  });
}

/** All that dpkg keeps of a package: names of packages have dots, endings have none. */
function recordsOf(tree: FileTree, stem: string): number[] {
  const folder = tree.paths.find("var/lib/dpkg/info");
  const prefix = `${stem.slice(stem.lastIndexOf("/") + 1)}.`;
  if (folder < 0 || prefix === ".") return [];
  return [...tree.paths.children(folder)]
    .filter((node) => tree.paths.name(node).startsWith(prefix) && !tree.paths.name(node).slice(prefix.length).includes("."))
    .map((node) => tree.visible(node))
    .filter((entry) => entry >= 0);
}

function emptiedFolders(tree: FileTree, { packages, staying }: LeavingPackages, entries: ReadonlySet<number>): number[] {
  const shared = new Set(staying.flatMap(({ nodes }) => [...nodes]));
  const own = new Set([...packages].flatMap(({ nodes }) => [...nodes]).filter((node) => !shared.has(node)));
  const isFolder = (entry: number): boolean => tree.type(entry) === "directory";
  return [...own].flatMap((node) => {
    const entry = tree.visible(node);
    if (entry < 0 || !isFolder(entry)) return [];
    for (const inside of tree.within(node)) {
      const goes = entries.has(inside) || (isFolder(inside) && own.has(tree.nodeOf(inside)));
      if (!goes) return [];
    }
    return [entry];
  });
}
