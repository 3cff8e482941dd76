import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { fileTree } from "../../facts/file-tree.ts";
import type { Instruction } from "../../model/dockerfile.ts";

/** What can be said of bytes when there is no image, or none with the instruction's layer. */
export const unknownSaving: ProposedSaving = { bytes: 0, source: "not known without the image" };

/** What rules claim of the layers that an instruction made; nothing when there is no built image. */
export function layerClaims({ built }: EditContext, instruction: Instruction, rules: readonly string[]): readonly EntryClaim[] {
  if (built === undefined) return [];
  const layers = new Set(built.layersOf(instruction));
  const tree = built.facts.get(fileTree);
  const claims = rules.flatMap((rule) => built.findings(rule)).flatMap((finding) => finding.claims);
  return [
    ...new Map(claims.filter(({ entry }) => layers.has(tree.layerOf(entry))).map((claim) => [claim.entry, claim])).values(),
  ];
}

/**
 * The saving of an edit: what rules measure in the layers of the instruction, else an estimate. Undefined when the image shows that there is
 * nothing to gain, unless the edit is asked for by its name.
 */
export function savingOf(
  context: EditContext,
  edit: string,
  instruction: Instruction,
  rules: readonly string[],
  estimate: ProposedSaving = unknownSaving,
): ProposedSaving | undefined {
  if (context.built === undefined || context.built.layersOf(instruction).length === 0) return estimate;
  const claims = layerClaims(context, instruction, rules);
  return claims.length > 0 || context.isAsked(edit) ? { claims } : undefined;
}

/** The same for a cache: with what the rule finds of it go files below these folders that a later RUN removes, too late to free them. */
export function cacheSavingOf(
  context: EditContext,
  edit: string,
  instruction: Instruction,
  rule: string,
  folders: readonly string[],
): ProposedSaving | undefined {
  const saving = savingOf(context, edit, instruction, [rule]);
  const hidden = layerClaims(context, instruction, ["late-cleanup"]).filter(({ entry }) => {
    const path = `/${context.built?.facts.get(fileTree).path(entry) ?? ""}`;
    return folders.some((folder) => path.startsWith(`${folder}/`));
  });
  if (hidden.length === 0 || (saving !== undefined && !("claims" in saving))) return saving;
  return { claims: [...(saving?.claims ?? []), ...hidden] };
}
