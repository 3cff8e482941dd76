import type { Facts } from "../contracts/fact.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { textOf } from "../lib/byte-string.ts";

/** What a container can learn of a path, as texts to compare. */
export interface Attributes {
  /** As the entry that carries the content has them: what an engine shows for all names of a file. */
  readonly file: Readonly<Record<string, string>>;
  /** As the entry itself has them: the same but for a hard link that was stored with attributes of its own. */
  readonly own: Readonly<Record<string, string>>;
  /** Size and sha256, or for what is no file its type with where it leads to. */
  readonly content: string;
}

/** Reads the attributes of entries of an image. */
export function attributesOf(facts: Facts): (entry: number) => Attributes {
  const tree = facts.get(fileTree);
  const deviceOf = devices(facts, tree);
  const read = (entry: number): Readonly<Record<string, string>> => ({
    mode: tree.mode(entry).toString(8).padStart(4, "0"),
    owner: tree.owner(entry),
    mtime: String(tree.mtime(entry)),
    attributes: JSON.stringify([...tree.xattrs(entry)].sort(([one], [other]) => (one < other ? -1 : 1))),
  });
  return (entry) => {
    const content = tree.contentOf(entry);
    const file = read(content);
    return { file, own: content === entry ? file : read(entry), content: contentText(tree, content, deviceOf(content)) };
  };
}

function contentText(tree: FileTree, entry: number, device: string): string {
  const type = tree.type(entry);
  if (type === "file") return `${tree.size(entry)} ${Buffer.from(tree.hash(entry), "latin1").toString("hex")}`;
  return `${type} ${textOf(tree.symlink(entry) ?? "")}${device}`;
}

function devices({ layers }: Facts, tree: FileTree): (entry: number) => string {
  const bases: number[] = [];
  layers.reduce((base, layer) => {
    bases.push(base);
    return base + layer.count;
  }, 0);
  return (entry) => {
    const layer = tree.layerOf(entry);
    return layers[layer]?.devices.get(entry - (bases[layer] ?? 0))?.join(":") ?? "";
  };
}

/**
 * Names of attributes that differ, with both values; `content` is what is wanted of that. Names of one file may have been stored with
 * attributes of their own: either will do.
 */
export function attributeDifferences(
  wanted: Attributes,
  actual: Attributes,
  content: string = wanted.content,
): readonly (readonly [name: string, wanted: string, actual: string])[] {
  const rows = Object.keys(wanted.own).map(
    (name) => [name, [wanted.file[name] ?? "", wanted.own[name] ?? ""], actual.file[name] ?? ""] as const,
  );
  const differing = rows.filter(([, values, value]) => !values.includes(value));
  return [
    ...differing.map(([name, [value], other]) => [name, value ?? "", other] as const),
    ...(content === actual.content ? [] : [["content", content, actual.content] as const]),
  ];
}
