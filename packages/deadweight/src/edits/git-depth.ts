import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, type CommandUse } from "../dockerfile/command-use.ts";
import { runSteps } from "../dockerfile/run-steps.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { layerClaims, unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "git-depth";

/** Clones without their history. */
export const gitDepth: Edit = defineEdit({
  name,
  title: "git clone --depth 1",
  safety: "verified",
  order: 33,
  meaning:
    "`git clone` brings every version that there ever was: .git is often larger than the tree itself. --depth 1 brings the one that is " +
    "checked out.",
  risk:
    "Where something needs the history it is left and said: git checkout, reset, describe, log and others behind the clone, packages that " +
    "are installed from it (setuptools-scm and others read their version from tags). Servers over the old HTTP protocol know no depth.",
  checks: ["file-tree", "python-imports"],
  example: {
    before: "FROM debian:bookworm\nRUN git clone --branch v1.2 https://mirror.example/x.git /opt/x && make -C /opt/x\n",
    after: "FROM debian:bookworm\nRUN git clone --depth 1 --branch v1.2 https://mirror.example/x.git /opt/x && make -C /opt/x\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingsFor(context, step))),
});

const needsHistory =
  /^(?:checkout|switch|reset|describe|log|fetch|pull|rev-list|merge|rebase|cherry-pick|bisect|am|apply|worktree|tag|revert|submodule)$/;

function findingsFor(context: EditContext, step: ScriptStep): Finding[] {
  const { instruction } = step;
  const clones = step.uses.filter((use) => use.tool === "git" && use.verb === "clone" && isDeep(use));
  if (clones.length === 0) return [];
  const why = whyHistory(context, step);
  if (why !== undefined) return [{ instruction, message: `the history of what git clones stays: ${why}` }];
  const saving = savingFor(context, step);
  if (saving === undefined) return [];
  return [
    {
      instruction,
      message: "git clone brings the whole history",
      reason: "nothing behind it asks git for another version or for tags",
      replacements: clones.flatMap((use) => insertOptions(use, "--depth 1")),
      saving,
    },
  ];
}

/** Git takes no depth from a folder of the same machine. */
function isDeep(use: CommandUse): boolean {
  const source = use.operands[0]?.value ?? "";
  return (
    !hasOption(use, "--depth", "--filter", "--shallow-since", "--mirror", "--bare", "--reference") &&
    !/^(?:\.{0,2}\/|file:)/.test(source)
  );
}

function whyHistory({ dockerfile, variablesAt }: EditContext, step: ScriptStep): string | undefined {
  const later = runSteps(dockerfile, dockerfile.stages, variablesAt).filter(
    ({ instruction }) => instruction.start >= step.instruction.start,
  );
  for (const { uses, instruction } of later) {
    const asks = uses.find(({ tool, verb }) => tool === "git" && needsHistory.test(verb));
    if (asks) return `git ${asks.verb} in line ${instruction.line} may need it`;
    if (uses.some(installsFolder)) return `line ${instruction.line} installs from a folder, whose version may come from tags`;
  }
  return undefined;
}

/** `pip install .`, `pip install -e x`, `python setup.py`. */
function installsFolder(use: CommandUse): boolean {
  if (use.tool === "python")
    return (
      use.operands.some(({ value = "" }) => value.endsWith("setup.py")) || use.options.some(({ value }) => value === "build")
    );
  if (use.tool !== "pip" && use.tool !== "uv") return false;
  return (
    hasOption(use, "-e", "--editable") ||
    use.operands.some(({ text }) => /^["']?(?:\.|\/|\.\/.*)/.test(text) && !text.endsWith(".whl"))
  );
}

/** What one version takes of .git is not known before; but compressed it is no larger than the files that are checked out. */
function savingFor(context: EditContext, { instruction }: ScriptStep): ProposedSaving | undefined {
  if (context.built === undefined || context.built.layersOf(instruction).length === 0) return unknownSaving;
  const tree = context.built.facts.get(fileTree);
  const claims = layerClaims(context, instruction, ["version-control-folders"]);
  if (claims.length === 0 && !context.isAsked(name)) return undefined;
  const packs = claims.map(({ entry }) => entry).filter((entry) => /\/\.git\/objects\/pack\/[^/]+\.pack$/.test(tree.path(entry)));
  let [packed, least] = [0, 0];
  for (const entry of packs) {
    const history = Math.max(0, tree.tarBytes(entry) - checkedOut(tree, entry));
    [packed, least] = [packed + tree.tarBytes(entry), least + history];
  }
  const source = `.git's packs hold ${packed} bytes, the files that are checked out beside them ${packed - least} at most: the rest at least is history`;
  return { bytes: least, source };
}

/** What the layer of a pack holds of files around its .git. */
function checkedOut(tree: FileTree, pack: number): number {
  const path = tree.path(pack);
  const top = path.slice(0, path.indexOf("/.git/objects/pack/") + 1);
  const isChecked = (entry: number): boolean =>
    tree.layerOf(entry) === tree.layerOf(pack) && tree.type(entry) === "file" && !tree.path(entry).startsWith(`${top}.git/`);
  const folder = tree.paths.find(top.slice(0, -1));
  if (folder < 0) return 0;
  const files = [...tree.within(folder)].filter(isChecked);
  return files.reduce((sum, entry) => sum + tree.tarBytes(entry), 0);
}
