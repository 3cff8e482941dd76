import type { Facts } from "../../contracts/fact.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { FileTree } from "../file-tree.ts";
import type { Libraries } from "../libraries.ts";
import type { Programs } from "../programs.ts";
import type { PythonModules } from "../python-modules.ts";

/** What those who follow names in files look at. */
export interface WalkContext {
  readonly facts: Facts;
  readonly tree: FileTree;
  readonly read: Programs;
  readonly found: Libraries;
  readonly modules: PythonModules;
}

/** Gives the paths, without leading slash, that a file names; some may not be there. */
export type Follow = (context: WalkContext, entry: number) => readonly ByteString[];

/** The folder of a path. */
export function folderOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
