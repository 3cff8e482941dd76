import { isForDebuggers, stripElf, type StrippedElf } from "../binary/strip-elf.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import type { ElfOutline, ElfSection } from "../model/layer-index.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { owners } from "./owners.ts";
import { packages } from "./packages.ts";

/** A program or library with sections that debuggers alone read. */
export interface DebuggedFile {
  /** The entry with the content. */
  readonly content: number;
  /** The visible entries that are this file. */
  readonly names: readonly number[];
  /** Those sections, in the order of the section headers. */
  readonly sections: readonly ElfSection[];
  /** The file without those sections, or why it is better left alone. */
  readonly stripped: StrippedElf | string;
}

/** All visible programs and libraries with such sections, in the order of their contents; object and debug files are none. */
export const debuggedFiles: Fact<readonly DebuggedFile[]> = defineFact("debugged-files", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const obstacle = cutObstacle(facts);
  return [...namesByContent(tree)]
    .filter(([, names]) => !names.some((name) => isForLinkersOrDebuggers(tree.path(name))))
    .sort(([one], [other]) => one - other)
    .map(([content, names]): DebuggedFile => {
      const isVendor = names.some((name) => facts.get(owners).of(name).kind === "cuda");
      const reason = obstacle(content, names) ?? (isVendor ? "it is NVIDIA's, whose licence restricts changes" : undefined);
      const sections = tree.elfSections(content).filter(({ name }) => isForDebuggers(name));
      return {
        content,
        names,
        sections,
        stripped: reason ?? strippedFile(facts, tree, content),
      };
    });
});

function namesByContent(tree: FileTree): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    const names = found.get(content);
    if (names !== undefined) names.push(entry);
    else if (tree.elfSections(content).some(({ name }) => isForDebuggers(name))) found.set(content, [entry]);
  }
  return found;
}

/** Object files have to be linked yet, kernel modules too, and debug files are there for what they hold. */
function isForLinkersOrDebuggers(path: ByteString): boolean {
  return /\.(?:k?o|lo|obj|debug|dwo|dwp)$|^usr\/(?:local\/)?lib\/debug\//.test(path);
}

function strippedFile(facts: Facts, tree: FileTree, content: number): StrippedElf | string {
  const outline = elfOutlineOf(facts, tree, content);
  return outline === undefined ? "its headers are not where they could be looked at" : stripElf(outline, tree.size(content));
}

/** The headers of a file with sections for debuggers. */
export function elfOutlineOf({ layers }: Facts, tree: FileTree, content: number): ElfOutline | undefined {
  const layer = tree.layerOf(content);
  const first = layers.slice(0, layer).reduce((total, { count }) => total + count, 0);
  return layers[layer]?.elfOutlines.get(content - first);
}

/** Tells why a file's content, known by these names, is better not cut, whatever is cut out of it. */
export function cutObstacle(facts: Facts): (content: number, names: readonly number[]) => string | undefined {
  const tree = facts.get(fileTree);
  const isListed = listedByOthers(facts);
  return (content, names) =>
    names.map((name) => reasonAgainst(tree, name) ?? isListed(tree.nodeOf(name))).find(Boolean) ??
    wrongStorage(tree, content, names);
}

function wrongStorage(tree: FileTree, content: number, names: readonly number[]): string | undefined {
  if (tree.storedSize(content) !== tree.size(content)) return "it is stored with holes";
  if (tree.fate(content) !== "visible") return "the name that it is stored under is hidden";
  const isElsewhere = names.some((name) => tree.layerOf(name) !== tree.layerOf(content));
  return isElsewhere ? "another layer has a name of it" : undefined;
}

/** By the name: what is read by tools that need symbols, or what other files vouch for. The first that matches tells why. */
const reasonsByName: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\/)(?:ld-[^/]*|ld64|ld|libc|libpthread|libthread_db)(?:-[\d.]+)?\.so[^/]*$/,
    "valgrind and gdb find the loader and threads by its symbols",
  ],
  [/(?:^|\/)(?:vgpreload_[^/]*|valgrind\/[^/]+)$/, "valgrind finds what it replaces by its symbols"],
  [/(?:^|\/)libjvm\.so$/, "profilers and the tools of the JDK find the virtual machine by its symbols"],
  [/(?:^|\/)fips\.so$/, "OpenSSL checks its sum"],
  [/^(?:nix|gnu)\/store\//, "the store that it lies in knows its sum"],
];

function reasonAgainst(tree: FileTree, entry: number): string | undefined {
  const path = tree.path(entry);
  const byName = reasonsByName.find(([pattern]) => pattern.test(path));
  if (byName !== undefined) return byName[1];
  const attribute = [...tree.xattrs(entry).keys()].find((name) => !harmlessAttributes.has(name));
  if (attribute !== undefined) return `its attribute ${textOf(attribute)} may depend on its content`;
  const witness = witnesses(path).find((other) => tree.find(other) >= 0);
  return witness === undefined ? undefined : `/${textOf(witness)} may hold its sum or signature`;
}

const harmlessAttributes: ReadonlySet<string> = new Set(["security.capability", "security.selinux"]);

/** Files that are made of a file's content: sums, signatures, NSS's `.chk`, and Julia's images, which it loads with their `.ji` alone. */
function witnesses(path: ByteString): readonly ByteString[] {
  const slash = path.lastIndexOf("/") + 1;
  const endings = ["hmac", "sha1", "sha256", "sha512", "md5", "sig", "asc", "minisig"].map((ending) => `${path}.${ending}`);
  const bundled = [path.replace(/\.so$/, ".ji"), path.replace(/\.so$/, ".chk")];
  return [...endings, ...bundled, `${path.slice(0, slash)}.${path.slice(slash)}.hmac`].filter((one) => one !== path);
}

/** Files whose sums are in databases that are not edited. */
function listedByOthers(facts: Facts): (node: number) => string | undefined {
  const kinds = new Map<number, string>();
  for (const { kind, nodes } of facts.get(packages).final) {
    if (kind === "rpm" || kind === "apk" || kind === "conda") for (const node of nodes) kinds.set(node, kind);
  }
  return (node) => {
    const kind = kinds.get(node);
    return kind === undefined ? undefined : `the database of ${kind} has its sum`;
  };
}
