import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { byteStringFromText, type ByteString } from "../lib/byte-string.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { programs } from "./programs.ts";

/** Where the loader looks when a file says nothing: ld.so(8), Debian's and musl's own defaults. */
const usual = ["lib", "usr/lib", "lib64", "usr/lib64", "lib32", "usr/lib32", "libx32", "usr/libx32"];
const mostFiles = 100;

/** Folders that the loader searches for every file, in its order, without leading slash. */
export interface LoaderFolders {
  /** `LD_LIBRARY_PATH` of the image. */
  readonly environment: readonly ByteString[];
  readonly system: readonly ByteString[];
}

/** The folders by the image's environment, the loader's settings and its defaults. */
export const loaderFolders: Fact<LoaderFolders> = defineFact("loader-folders", (facts: Facts): LoaderFolders => {
  const tree = facts.get(fileTree);
  const set = facts.image.config.environment.findLast((line) => line.startsWith("LD_LIBRARY_PATH="))?.slice(16) ?? "";
  const multiarch = ["lib/*-linux-*", "usr/lib/*-linux-*"].flatMap((pattern) =>
    [...tree.globAll(pattern)].map((node) => tree.paths.path(node)),
  );
  return {
    environment: byteStringFromText(set)
      .split(/[:;]/)
      .filter((folder) => folder.startsWith("/"))
      .map(rootless),
    system: [...new Set([...fromSettings(facts, tree), ...multiarch, ...usual])],
  };
});

/** glibc reads the settings through its cache alone, so they count where that is there; musl has one file instead of its defaults. */
function fromSettings(facts: Facts, tree: FileTree): readonly ByteString[] {
  const musl = [...tree.glob("etc/ld-musl-*.path")];
  if (musl.length > 0) return foldersIn(facts, musl.map(tree.visible));
  const alpine = [...tree.glob("lib/ld-musl-*.so.1")].length > 0 ? ["lib", "usr/local/lib", "usr/lib"] : [];
  if (tree.find("etc/ld.so.cache") < 0) return alpine;
  const settings = ["etc/ld.so.conf", "etc/ld.so.conf.d/*.conf"].flatMap((pattern) => [...tree.glob(pattern)]);
  return foldersIn(facts, settings.map(tree.visible));
}

function foldersIn(facts: Facts, entries: readonly number[]): readonly ByteString[] {
  const read = facts.get(programs);
  const tree = facts.get(fileTree);
  const lines = entries.slice(0, mostFiles).flatMap((entry) => read?.mentions(tree.resolve(tree.path(entry))) ?? []);
  return lines.filter((line) => line.startsWith("/")).map(rootless);
}

function rootless(folder: ByteString): ByteString {
  return folder.replace(/^\/+|\/+$/g, "");
}
