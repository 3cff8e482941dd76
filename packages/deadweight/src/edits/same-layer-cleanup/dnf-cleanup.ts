import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import { isMounted, isRoot } from "../../dockerfile/run-steps.ts";
import { appended, sudoOf } from "../evidence/appended.ts";
import type { Finding } from "../evidence/gathered.ts";
import { savingOf } from "../evidence/saving.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";

const estimate: ProposedSaving = { bytes: 0, source: "lists and packages of the distribution; not known without the image" };
const folders = ["/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"];

/** `dnf clean all` behind what dnf, yum or microdnf installed. */
export function dnfCleanup(context: EditContext, step: ScriptStep): Finding {
  const installs = step.uses.filter(
    ({ tool, verb }) => tool === "dnf" && /^(?:install|update|upgrade|groupinstall|makecache)$/.test(verb),
  );
  const last = installs.at(-1)?.command;
  if (last === undefined || cleans(step) || folders.some((folder) => isMounted(step, folder))) return undefined;
  const { instruction } = step;
  const sudo = sudoOf(last);
  if (!isRoot(step) && sudo === "") return undefined;
  const saving = savingOf(context, "same-layer-cleanup", instruction, ["rpm-cache"], estimate);
  if (saving === undefined) return undefined;
  const insertion = appended(context, step, `${sudo}${last.words[0]?.text ?? "dnf"} clean all`, last);
  if ("refused" in insertion) return { instruction, message: `the package cache stays: ${insertion.refused}` };
  return {
    instruction,
    message: "lists and packages stay in the package manager's cache",
    reason: "they are fetched again when something is installed",
    replacements: [insertion.replacement],
    saving,
  };
}

function cleans({ uses }: ScriptStep): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      (tool === "dnf" && verb === "clean") ||
      (tool === "rm" && operands.some(({ text }) => /\/var\/cache(?:\/(?:dnf|yum|libdnf5|\*).*)?$/.test(text))),
  );
}
