import { defineRule, type Rule } from "../contracts/rule.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { sameContent, smallestCopyBytes, type Copy } from "../facts/same-content.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** The same content at several paths. */
export const duplicateFiles: Rule = defineRule({
  name: "duplicate-files",
  title: "The same content at more than one path",
  meaning:
    "The same bytes are stored at several paths: a wheel that brings a library twice, a tree that is copied to two places, a " +
    "model that lies in a cache and beside the program. Names that are hard links of each other are one copy already.",
  measure:
    `Visible files of ${smallestCopyBytes} bytes of content and more are compared by size and sha256. The copy in the lowest ` +
    "layer stays, among those the first by path; the content of each other one counts, its name (headers and padding) does " +
    "not, as a link needs one too. What metadata-rewrites and shadowed-files count is left out, and so are sparse files.",
  risk:
    "Copies of the same owner, mode, time and extended attributes can be made hard links, those of higher layers by moving " +
    "their names to the lowest; a program that writes to one of them in place then changes the others where the file system " +
    "keeps links across a copy-up. Where attributes differ, the lowest copy is the base image's, or something else in a layer " +
    "between is in the way, the Dockerfile must bring the file once, or make the other name a symbolic link, which a program " +
    "that asks can tell from a file.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const groups = facts.get(sameContent).map(([kept, ...others]) => ({ kept, others: others.filter((copy) => copy.isVisible) }));
    const claimed = groups.flatMap(({ others }) => others);
    if (claimed.length === 0) return [];
    return [
      {
        message: `${placesInWords(tree, groups)}: ${examples(tree, groups)}`,
        safety: "verified",
        remedy:
          "deadweight optimize --level verified makes those with the same owner, mode and time hard links; bring the others once",
        claims: claimed.map(({ content }) => ({ entry: content, ranges: [[0, tree.size(content)]] })),
      },
    ];
  },
});

interface Group {
  readonly kept: Copy | undefined;
  readonly others: readonly Copy[];
}

/** Across layers it takes more to make hard links of them: a name has to move. */
function placesInWords(tree: FileTree, groups: readonly Group[]): string {
  let within = 0;
  let across = 0;
  for (const { kept, others } of groups) {
    const layers = new Set(kept === undefined ? [] : [tree.layerOf(kept.content)]);
    for (const { content } of others) {
      if (layers.has(tree.layerOf(content))) within++;
      else across++;
      layers.add(tree.layerOf(content));
    }
  }
  return [
    ...(within === 0 ? [] : [`${countOf(within, "copy", "copies")} beside another in the same layer, where hard links would do`]),
    ...(across === 0 ? [] : [`${countOf(across, "copy", "copies")} of what a lower layer holds`]),
  ].join(", ");
}

/** The groups that waste the most. */
function examples(tree: FileTree, groups: readonly Group[]): string {
  const wasted = groups.filter(({ others }) => others.length > 0);
  const bytes = ({ others }: Group): number => others.reduce((sum, { content }) => sum + tree.size(content), 0);
  const order = wasted.sort((one, other) => bytes(other) - bytes(one)).slice(0, 3);
  const texts = order.map(({ kept, others }) => `/${textOf(others[0]?.path ?? "")} is /${textOf(kept?.path ?? "")}`);
  return someOf(texts, 3, wasted.length);
}
