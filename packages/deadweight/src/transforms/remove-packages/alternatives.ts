// Layout: update-alternatives(1) and its alternative_load: `auto` or `manual`; the link; name and link of each slave, a line
// each; an empty line; then for each choice its path, its priority and a line for each slave; an empty line at the end.
import type { Facts } from "../../contracts/fact.ts";
import { capturedContent } from "../../facts/captured-content.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { byteStringOf, bytesOf, type ByteString } from "../../lib/byte-string.ts";

/** What becomes of one name of update-alternatives when some of its choices go. */
export interface AlternativeChange {
  /** The choices that go. */
  readonly choices: readonly number[];
  /** The links and the record, when no choice is left. */
  readonly removed: readonly number[];
  /** The record with its new content, when it loses choices that are not in use. */
  readonly rewritten?: { readonly entry: number; readonly content: Uint8Array };
  /** A choice in use would go while others stay: update-alternatives would have to choose. */
  readonly isBlocked: boolean;
}

const folder = "var/lib/dpkg/alternatives";

/** What removing entries asks of update-alternatives' links and records. */
export function changeAlternatives(facts: Facts, isGoing: (entry: number) => boolean): AlternativeChange[] {
  const tree = facts.get(fileTree);
  return [...tree.glob(`${folder}/*`)].flatMap((node) => {
    const entry = tree.visible(node);
    const bytes = capturedContent(facts, entry);
    const record = bytes === undefined ? undefined : parseRecord(tree.paths.name(node), byteStringOf(bytes));
    const going = new Set(record?.choices.filter(({ path }) => isGoing(entryAt(tree, path))));
    return record === undefined || going.size === 0 ? [] : [changeOf(tree, entry, record, going)];
  });
}

function changeOf(tree: FileTree, entry: number, record: AlternativeRecord, going: ReadonlySet<Choice>): AlternativeChange {
  const choices = [...going].map(({ path }) => entryAt(tree, path));
  if (going.size === record.choices.length) return { choices, removed: [entry, ...linksOf(tree, record)], isBlocked: false };
  const link = entryAt(tree, `etc/alternatives/${record.name}`);
  const current = link < 0 ? undefined : tree.symlink(link);
  if ([...going].some(({ path }) => path === current)) return { choices, removed: [], isBlocked: true };
  return { choices, removed: [], rewritten: { entry, content: withoutChoices(record, going) }, isBlocked: false };
}

interface Choice {
  readonly path: ByteString;
  /** The path, the priority and the slaves' paths. */
  readonly lines: readonly ByteString[];
}

interface AlternativeRecord {
  readonly name: ByteString;
  /** Status, link and slaves, with the empty line behind them. */
  readonly head: readonly ByteString[];
  /** Names in etc/alternatives with the links that lead there. */
  readonly links: readonly { readonly name: ByteString; readonly path: ByteString }[];
  readonly choices: readonly Choice[];
}

function parseRecord(name: ByteString, text: ByteString): AlternativeRecord | undefined {
  const lines = text.split("\n");
  const end = lines.indexOf("");
  if (!/^(?:auto|manual)$/.test(lines[0] ?? "") || end < 2 || end % 2 !== 0) return undefined;
  const links = [{ name, path: lines[1] ?? "" }];
  for (let line = 2; line < end; line += 2) links.push({ name: lines[line] ?? "", path: lines[line + 1] ?? "" });
  const choices: Choice[] = [];
  const length = links.length + 1;
  let line = end + 1;
  for (; line + length <= lines.length && lines[line] !== ""; line += length) {
    choices.push({ path: lines[line] ?? "", lines: lines.slice(line, line + length) });
  }
  const isWhole = lines.slice(line).every((rest) => rest === "");
  return isWhole && choices.length > 0 ? { name, head: lines.slice(0, end + 1), links, choices } : undefined;
}

function withoutChoices({ head, choices }: AlternativeRecord, gone: ReadonlySet<Choice>): Uint8Array {
  const lines = choices.filter((choice) => !gone.has(choice)).flatMap(({ lines }) => lines);
  return bytesOf(`${[...head, ...lines, ""].join("\n")}\n`);
}

/** The links into etc/alternatives and those in it, as far as they are what the record says. */
function linksOf(tree: FileTree, { links }: AlternativeRecord): number[] {
  return links.flatMap(({ name, path }) => {
    const inner = entryAt(tree, `etc/alternatives/${name}`);
    const outer = entryAt(tree, path);
    const isOuter = outer >= 0 && tree.symlink(outer) === `/etc/alternatives/${name}`;
    return [...(inner >= 0 && tree.type(inner) === "symlink" ? [inner] : []), ...(isOuter ? [outer] : [])];
  });
}

/** The visible entry at a path whose folders may be links, itself not followed; -1 where there is none. */
function entryAt(tree: FileTree, path: ByteString): number {
  const slash = path.lastIndexOf("/");
  const parent = tree.resolve(path.slice(0, slash + 1));
  const node = parent < 0 ? -1 : tree.paths.findChild(tree.nodeOf(parent), path.slice(slash + 1));
  return node < 0 ? -1 : tree.visible(node);
}
