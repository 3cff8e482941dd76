import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import { hasOption } from "../../dockerfile/command-use.ts";
import { isMounted } from "../../dockerfile/run-steps.ts";
import type { Finding } from "../evidence/gathered.ts";
import { insertOptions } from "../evidence/insert-options.ts";
import { savingOf } from "../evidence/saving.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";

const estimate: ProposedSaving = { bytes: 0, source: "an index of a few megabytes; not known without the image" };

/** `apk add --no-cache` fetches the index for itself and keeps nothing. */
export function apkCleanup(context: EditContext, step: ScriptStep): Finding {
  const adds = step.uses.filter((use) => use.tool === "apk" && use.verb === "add" && !hasOption(use, "--no-cache"));
  const removes = step.uses.some(
    ({ tool, operands }) => tool === "rm" && operands.some(({ text }) => /\/var\/cache\/apk/.test(text)),
  );
  if (adds.length === 0 || removes || isMounted(step, "/var/cache/apk") || isMounted(step, "/etc/apk/cache")) return undefined;
  const saving = savingOf(context, "same-layer-cleanup", step.instruction, ["apk-cache"], estimate);
  if (saving === undefined) return undefined;
  return {
    instruction: step.instruction,
    message: "apk keeps its index in the layer",
    reason: "with --no-cache apk fetches the index for this command alone",
    replacements: adds.flatMap((use) => insertOptions(use, "--no-cache")),
    saving,
  };
}
