import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import type { RunStep } from "../dockerfile/run-steps.ts";
import { appended, sudoOf } from "./evidence/appended.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { savingOf } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "conda-clean";

/** conda without the packages that it downloaded. */
export const condaClean: Edit = defineEdit({
  name,
  title: "conda clean in the RUN that installs",
  safety: "lossless",
  order: 31,
  meaning:
    "conda, mamba and micromamba keep each package that they downloaded and unpacked in the `pkgs` folder, hundreds of megabytes to " +
    "gigabytes. Files that are hard links into an environment of the same layer cost nothing; archives and lists do, and all that was " +
    "unpacked in another layer.",
  risk:
    "`clean -f` removes packages that an environment reaches by symbolic links, which conda makes only where hard links and copies were " +
    "forbidden: with `allow_softlinks` or `always_softlink` in the Dockerfile nothing is proposed. A cache mount is left alone.",
  checks: ["package-databases", "python-imports"],
  example: {
    before: "FROM mirror.example/miniconda3\nRUN conda install -y numpy\n",
    after: "FROM mirror.example/miniconda3\nRUN conda install -y numpy && conda clean -afy\n",
  },
  propose: (context) => gathered(shippedSteps(context).map((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: ScriptStep): Finding {
  const installs = step.uses.filter(
    ({ tool, verb, command }) =>
      tool === "conda" && command.quote === undefined && /^(?:install|create|update|upgrade|env (?:create|update))$/.test(verb),
  );
  const last = installs.at(-1)?.command;
  if (last === undefined || cleans(step) || step.mounts.some(({ target }) => /conda|mamba|\/pkgs\b/.test(target)))
    return undefined;
  if (/(?:allow|always)_softlinks?/.test(context.dockerfile.text)) return undefined;
  const saving = savingOf(context, name, step.instruction, ["conda-cache"]);
  if (saving === undefined) return undefined;
  const insertion = appended(context, step, `${sudoOf(last)}${last.words[0]?.text ?? "conda"} clean -afy`, last);
  if ("refused" in insertion) return { instruction: step.instruction, message: `conda's packages stay: ${insertion.refused}` };
  return {
    instruction: step.instruction,
    message: "conda keeps the packages that it downloaded and unpacked",
    reason: "environments hold their own names of the files; conda reads its cache only to save a download",
    replacements: [insertion.replacement],
    saving,
  };
}

/** `conda clean`, or `rm -rf /opt/conda/pkgs` of the same RUN. */
function cleans({ uses }: RunStep): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      (tool === "conda" && verb === "clean") ||
      (tool === "rm" && operands.some(({ text }) => /\/pkgs(?:\/\*?)?["']?$/.test(text))),
  );
}
