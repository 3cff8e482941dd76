import { applyReplacements } from "../../dockerfile/apply-replacements.ts";
import type { RewriteHunk } from "../../model/dockerfile-rewrite.ts";
import { type RewriteOptions, weighRewrite } from "../rewrite.ts";
import type { EditPlan, PlannedEdit, ProposeEdits } from "./edit-plan.ts";

/** What is known before the image is built. */
export type ProposingOptions = Omit<RewriteOptions, "image" | "context" | "target" | "buildArgs">;

/** Edits as `rewrite` proposes them, taken apart so that each can be left. Throws UserError. */
export function proposeEdits(options: ProposingOptions): ProposeEdits {
  return async ({ path, image, context, target, args }) => {
    const { rewrite, removedBy, differencesBy, bytesOf } = await weighRewrite(path, {
      ...options,
      image,
      // The verification reads them too.
      programs: true,
      context,
      buildArgs: new Map(Object.entries(args)),
      ...(target === undefined ? {} : { target }),
    });
    const groups = groupsOf(rewrite.changes.length, rewrite.hunks);
    const numbers = new Map<PlannedEdit, readonly number[]>();
    for (const group of groups) {
      const changes = group.flatMap((number) => rewrite.changes[number] ?? []);
      const [first] = changes;
      if (first === undefined) continue;
      const edit: PlannedEdit = {
        edit: [...new Set(changes.map(({ rule }) => rule))].join(" + "),
        line: first.line,
        message: changes.map(({ message }) => message).join("; "),
        predictedBytes: bytesOf(group),
        basis: changes.every(({ saving }) => saving.basis === "measured") ? "measured" : "estimated",
        differences: group.map((number) => differencesBy(number)),
      };
      numbers.set(edit, group);
    }
    const numbersOf = (edits: readonly PlannedEdit[]): readonly number[] => edits.flatMap((edit) => numbers.get(edit) ?? []);
    const plan: EditPlan = {
      edits: [...numbers.keys()],
      bytesOf: (edits) => bytesOf(numbersOf(edits)),
      removedBy: (edits) => removedBy(numbersOf(edits)),
      textWith: (edits) => {
        const chosen = new Set(numbersOf(edits));
        const hunks = rewrite.hunks.filter(({ changes }) => changes.some((change) => chosen.has(change)));
        return applyReplacements(rewrite.before, hunks);
      },
    };
    return plan;
  };
}

/** Changes that have a hunk in common are made together or not at all. */
function groupsOf(count: number, hunks: readonly RewriteHunk[]): readonly (readonly number[])[] {
  const groups = new Map(Array.from({ length: count }, (_, number) => [number, [number]]));
  for (const { changes } of hunks) {
    const joined = [...new Set(changes.flatMap((change) => groups.get(change) ?? []))].sort((one, other) => one - other);
    for (const change of joined) groups.set(change, joined);
  }
  return [...new Set(groups.values())];
}
