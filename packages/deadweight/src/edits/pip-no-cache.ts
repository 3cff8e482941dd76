import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import { hasOption, type CommandUse } from "../dockerfile/command-use.ts";
import { isMounted, type RunStep } from "../dockerfile/run-steps.ts";
import { cacheFolderOf, removesCache, variableOf, type CacheKind } from "./evidence/cache-use.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { cacheSavingOf } from "./evidence/saving.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";

const name = "pip-no-cache";
const cache: CacheKind = { variable: "PIP_CACHE_DIR", folder: "pip" };

/** pip without its cache. */
export const pipNoCache: Edit = defineEdit({
  name,
  title: "pip install --no-cache-dir, so that downloads are not kept twice",
  safety: "lossless",
  order: 20,
  meaning:
    "pip keeps every wheel that it downloads or builds in ~/.cache/pip, about as many bytes as the wheels themselves: 3.0 GB for " +
    "torch 2.5.1 with CUDA. Nothing reads them again in an image. --no-cache-dir keeps nothing.",
  risk:
    "None for the image. Left alone are commands whose RUN has a cache mount there or removes the cache itself, and stages where " +
    "PIP_NO_CACHE_DIR is set. A later RUN that installs the same again downloads it again.",
  checks: ["package-databases", "python-imports"],
  example: {
    before: "FROM python:3.11-slim\nRUN pip install torch==2.5.1\n",
    after: "FROM python:3.11-slim\nRUN pip install --no-cache-dir torch==2.5.1\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: RunStep): Finding[] {
  const installs = step.uses.filter(
    (use) => use.tool === "pip" && /^(?:install|wheel|download)$/.test(use.verb) && keeps(use, step),
  );
  if (installs.length === 0 || removesCache(step, cache) || purges(step)) return [];
  const folders = installs.map((use) => cacheFolderOf(step, use, cache));
  const saving = cacheSavingOf(context, name, step.instruction, "pip-cache", folders);
  if (saving === undefined) return [];
  return [
    {
      instruction: step.instruction,
      message: "pip keeps what it downloads in its cache folder",
      reason: "pip reads its cache only to save a later download; what it installs is the same",
      replacements: installs.flatMap((use) => insertOptions(use, "--no-cache-dir")),
      saving,
    },
  ];
}

function keeps(use: CommandUse, step: RunStep): boolean {
  if (hasOption(use, "--no-cache-dir") || variableOf(step, use, "PIP_NO_CACHE_DIR") !== undefined) return false;
  return !isMounted(step, cacheFolderOf(step, use, cache));
}

/** `pip cache purge` of the same RUN. */
function purges({ uses }: RunStep): boolean {
  return uses.some(({ tool, verb, operands }) => tool === "pip" && verb === "cache" && operands[0]?.value === "purge");
}
