import { defineRule, type Rule } from "../contracts/rule.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";

/** Compiled Python files that Python can make again from their source. */
export const pythonBytecode: Rule = defineRule({
  name: "python-bytecode",
  title: "Compiled Python files beside their source",
  meaning:
    "Python keeps what it compiled in `__pycache__` folders; pip compiles all that it installs. Python makes the files again " +
    "from their source whenever they are missing. In an environment of 608 MB they were 30 %.",
  measure:
    "Counts visible `__pycache__/NAME.TAG.pyc` files whose `NAME.py` lies in the folder above, and `NAME.pyc` and `NAME.pyo` " +
    "files beside their `NAME.py`.",
  risk:
    "Without them Python compiles each module when it is first imported: a cold start takes longer, once where it can write " +
    "the files, and at every start for a user who may not write there or on a read-only file system. A `.pyc` file without " +
    "its source is a program and is left alone. `PYTHONDONTWRITEBYTECODE` keeps Python from writing them, but not pip, which " +
    "needs `--no-compile`.",
  evaluate: (facts) => {
    const compiled = compiledFiles(facts);
    if (compiled.count === 0) return compiled.sources ? [] : { notApplicable: "no Python files" };
    return [
      {
        message: `${countOf(compiled.count, "compiled Python file")} beside the source, which make the first import faster`,
        safety: "opt-in",
        remedy: "pip install --no-compile, and ENV PYTHONDONTWRITEBYTECODE=1 for the RUN instructions that run Python",
        claims: compiled.claims,
      },
    ];
  },
});

function compiledFiles(facts: Facts): { count: number; sources: boolean; claims: ReturnType<typeof removalClaims> } {
  const tree = facts.get(fileTree);
  const chosen: number[] = [];
  let sources = false;
  for (const entry of tree.all()) {
    const name = tree.paths.name(tree.nodeOf(entry));
    if (name.endsWith(".py")) sources = true;
    if (!/\.py[co]$/.test(name) || !isContent(tree, entry)) continue;
    if (hasSource(tree, tree.nodeOf(entry), name)) chosen.push(entry);
  }
  return { count: chosen.length, sources, claims: removalClaims(tree, chosen) };
}

function isContent(tree: FileTree, entry: number): boolean {
  const type = tree.type(entry);
  return type === "file" || type === "hardlink";
}

function hasSource(tree: FileTree, node: number, name: ByteString): boolean {
  const folder = tree.paths.parent(node);
  const isCached = tree.paths.name(folder) === "__pycache__";
  const stem = isCached ? cachedStem(name) : name.slice(0, -".pyc".length);
  const source = tree.paths.findChild(isCached ? tree.paths.parent(folder) : folder, `${stem}.py`);
  return source >= 0 && tree.visible(source) >= 0;
}

/** `decoder` of `decoder.cpython-311.pyc` and `decoder.cpython-311.opt-1.pyc`, PEP 3147 and PEP 488. */
function cachedStem(name: ByteString): ByteString {
  return name.replace(/\.[^.]+(?:\.opt-[^.]+)?\.pyc$/, "");
}
