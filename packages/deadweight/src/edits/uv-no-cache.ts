import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import { hasOption, optionValue, type CommandUse } from "../dockerfile/command-use.ts";
import { isMounted, type RunStep } from "../dockerfile/run-steps.ts";
import { cacheFolderOf, removesCache, variableOf, type CacheKind } from "./evidence/cache-use.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { cacheSavingOf } from "./evidence/saving.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";

const name = "uv-no-cache";
const cache: CacheKind = { variable: "UV_CACHE_DIR", folder: "uv" };

/** uv without its cache. */
export const uvNoCache: Edit = defineEdit({
  name,
  title: "uv --no-cache, so that wheels are not kept twice",
  safety: "lossless",
  order: 21,
  meaning:
    "uv unpacks each wheel into ~/.cache/uv and links it into the environment. Across layers and file systems, and with " +
    "UV_LINK_MODE=copy, links become copies and each file is stored twice. --no-cache uses a temporary folder for one command.",
  risk:
    "None for the image. Left alone are commands with a cache mount, RUNs that clean the cache themselves, and stages where UV_NO_CACHE " +
    "is set. With UV_LINK_MODE=symlink the environment leads into the cache, so nothing is proposed.",
  checks: ["package-databases", "python-imports"],
  example: {
    before: "FROM python:3.11-slim\nRUN uv pip install --system torch==2.5.1\n",
    after: "FROM python:3.11-slim\nRUN uv pip install --no-cache --system torch==2.5.1\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: RunStep): Finding[] {
  const installs = step.uses.filter(
    (use) => use.tool === "uv" && /^(?:pip install|pip sync|sync|tool install|add)$/.test(use.verb) && keeps(use, step),
  );
  if (installs.length === 0 || removesCache(step, cache) || cleans(step)) return [];
  const folders = installs.map((use) => cacheFolderOf(step, use, cache));
  const saving = cacheSavingOf(context, name, step.instruction, "uv-cache", folders);
  if (saving === undefined) return [];
  return [
    {
      instruction: step.instruction,
      message: "uv keeps the wheels that it unpacked in its cache folder",
      reason: "uv reads its cache only to save a later download; what it installs is the same",
      replacements: installs.flatMap((use) => insertOptions(use, "--no-cache")),
      saving,
    },
  ];
}

function keeps(use: CommandUse, step: RunStep): boolean {
  if (hasOption(use, "--no-cache", "-n", "--no-cache-dir") || variableOf(step, use, "UV_NO_CACHE") !== undefined) return false;
  if (variableOf(step, use, "UV_LINK_MODE") === "symlink" || optionValue(use, "--link-mode") === "symlink") return false;
  return !isMounted(step, cacheFolderOf(step, use, cache));
}

/** `uv cache clean` of the same RUN. */
function cleans({ uses }: RunStep): boolean {
  return uses.some(({ tool, verb, operands }) => tool === "uv" && verb === "cache" && operands[0]?.value === "clean");
}
