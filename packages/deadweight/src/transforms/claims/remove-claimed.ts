import type { PlanContext, PlannedEdit } from "../../contracts/transform.ts";
import type { Safety } from "../../model/report.ts";

/** Removals of all entries that findings of this safety claim whole; the finding is the reason. */
export function removeClaimed(context: PlanContext, rules: readonly string[], safety: Safety): PlannedEdit[] {
  const edits: PlannedEdit[] = [];
  for (const rule of rules) {
    for (const finding of context.findings(rule)) {
      if (finding.safety !== safety) continue;
      const reason = `${rule}: ${finding.message}`;
      for (const { entry, ranges } of finding.claims) {
        if (ranges === undefined) edits.push({ entry, edit: { action: "remove" }, reason });
      }
    }
  }
  return edits;
}
