import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { byteStringFromText, type ByteString } from "../lib/byte-string.ts";
import { commandWords, entryNamed, type CommandWord } from "./command-words.ts";
import { fileTree } from "./file-tree.ts";
import { libraries } from "./libraries.ts";
import { programs } from "./programs.ts";
import { pythonModules, type PythonModules } from "./python-modules.ts";
import { followNode } from "./reached-files/follow-node.ts";
import { followElf, followScript, followSettings } from "./reached-files/follow-program.ts";
import { followPython, moduleFiles } from "./reached-files/follow-python.ts";
import type { WalkContext } from "./reached-files/walk-context.ts";

/** Paths that lead to a file, by what names them: an entry, or -1 for the commands of the image. */
export type ReachedFiles = ReadonlyMap<ByteString, number>;

/** Start-up of login shells, which containers have none of, and caches of what can be found without: nobody misses them. */
const idle = /^etc\/(?:profile|bash\.bashrc|environment|shells|login\.defs)$|\.cache$/;
/** What is written while a container runs, not read. */
const written = /^(?:var\/(?:log|cache|tmp|spool)|tmp|run|proc|sys|dev)(?:\/|$)/;

/**
 * Files that entry point, command and health check lead to: programs, the libraries that they load or name, interpreters, what scripts call and
 * modules import, settings and what these name. Names that are made up while a program runs are not known. Undefined when the programs of
 * the image were not looked into.
 */
export const reachedFiles: Fact<ReachedFiles | undefined> = defineFact("reached-files", (facts: Facts) =>
  reachedFrom(facts, commandWords(facts)),
);

/** The same for some words of commands, and some modules alone. */
export function reachedFrom(
  facts: Facts,
  words: readonly CommandWord[],
  modules: PythonModules = facts.get(pythonModules),
): ReachedFiles | undefined {
  const [read, found] = [facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return undefined;
  const context: WalkContext = { facts, tree: facts.get(fileTree), read, found, modules };
  const reached = new Map<ByteString, number>();
  const seen = new Set<number>();
  const pending: number[] = [];
  const ask = (path: ByteString, by: number): void => {
    const entry = written.test(path) || idle.test(path) ? -1 : context.tree.resolve(path);
    if (entry < 0 || context.tree.type(entry) === "directory") return;
    // Without it times are UTC as well, tzset(3).
    if (path === "etc/localtime" && /(?:^|\/)(?:UTC|UCT|Zulu)$/.test(context.tree.path(entry))) return;
    const name = /(?:^|\/)\.\.?\//.test(path) ? context.tree.path(entry) : path;
    if (!reached.has(name)) reached.set(name, by);
    if (seen.has(entry)) return;
    seen.add(entry);
    pending.push(entry);
  };
  for (const path of commandPaths(context, words)) ask(path, -1);
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    for (const path of followed(context, entry)) ask(path, entry);
  }
  for (const path of writtenAnew(context, seen)) reached.delete(path);
  return reached;
}

/** Paths that shell scripts make before anybody reads them, as settings from a template. */
function writtenAnew({ read, tree }: WalkContext, entries: ReadonlySet<number>): readonly ByteString[] {
  return [...entries].flatMap((entry) => {
    if (!isShell(read.shebang(entry))) return [];
    const paths = read.mentions(entry).flatMap((word) => (word.startsWith(">") ? [word.slice(2)] : []));
    return paths.flatMap((path) => {
      const written = tree.resolve(path);
      return written < 0 ? [path] : [path, tree.path(written)];
    });
  });
}

function isShell(line: ByteString | undefined): boolean {
  return line !== undefined && (line.split(/\s/)[0] ?? "").endsWith("sh");
}

/** Words as paths, as programs, and as modules: `python -m app`, `uvicorn app.main:app`. */
function commandPaths(context: WalkContext, words: readonly CommandWord[]): readonly ByteString[] {
  const { facts, tree } = context;
  return words.flatMap(([, word]) => {
    const entries = [entryNamed(facts, word), entryNamed(facts, `./${word}`)].filter((entry) => entry >= 0);
    const own = byteStringFromText(
      word.startsWith("/") ? word.slice(1) : `${facts.image.config.workingDirectory.slice(1)}/${word}`,
    );
    const module = word.replace(/:.*$/, "");
    const modules = /^[A-Za-z_][\w.]*$/.test(module) ? [module, `${module}.__main__`] : [];
    return [...entries.map((entry) => tree.path(entry)), own, ...modules.flatMap((name) => moduleFiles(context, -1, name))];
  });
}

function followed(context: WalkContext, entry: number): readonly ByteString[] {
  const { tree, read } = context;
  const path = tree.path(entry);
  if (read.elf(entry) !== undefined) return followElf(context, entry);
  const line = read.shebang(entry);
  const isScript = line !== undefined;
  // Where a package begins, who requires it has looked up.
  if (path.endsWith("/package.json")) return [];
  if (path.endsWith(".py") || (isScript && /python/.test(line))) {
    return [...(isScript ? followScript(context, entry) : []), ...followPython(context, entry)];
  }
  if (/\.[cm]?js$/.test(path) || (isScript && /\bnode\b/.test(line))) {
    return [...(isScript ? followScript(context, entry) : []), ...followNode(context, entry)];
  }
  return isScript ? followScript(context, entry) : followSettings(context, entry);
}
