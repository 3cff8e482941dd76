import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { byteStringFromText } from "../lib/byte-string.ts";
import type { ImageConfig } from "../model/image.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/** Where shells and container runtimes look when the image sets no PATH. */
const defaultSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Visible entries that words of ENTRYPOINT and CMD name, as paths or through PATH; of a link both the link and what it leads
 * to. Arguments count as well, and so do the words of a shell command; what a script calls is not known here.
 */
export const commandEntries: Fact<ReadonlySet<number>> = defineFact("command-entries", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const { config } = facts.image;
  const words = [...config.entrypoint, ...config.command].flatMap((argument) => argument.split(/[\s;&|()<>"'`$={}]+/));
  return new Set(words.filter((word) => word !== "").flatMap((word) => entriesNamed(tree, config, word)));
});

/** Folders of PATH, as the image sets it, without leading slash. */
export function searchPath(config: ImageConfig): readonly string[] {
  const set = config.environment.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length);
  return (set ?? defaultSearchPath).split(":").map((folder) => folder.replace(/^\/+|\/+$/g, ""));
}

/** The visible entries that a program's name or path leads to: links, and what they lead to. */
export function entriesNamed(tree: FileTree, config: ImageConfig, word: string): readonly number[] {
  const candidates = word.includes("/")
    ? [word.startsWith("/") ? word : `${config.workingDirectory}/${word}`]
    : searchPath(config).map((folder) => `${folder}/${word}`);
  const paths = candidates.map(byteStringFromText);
  return paths.flatMap((path) => [tree.find(path), tree.resolve(path)]).filter((entry) => entry >= 0);
}
