import type { EditNote, Proposal, Proposals } from "../../contracts/edit.ts";

/** What an edit says of one instruction or command; nothing when it is no matter of it. */
export type Finding = Proposal | EditNote | undefined;

/** Proposals and notes apart. */
export function gathered(findings: readonly Finding[]): Proposals {
  const found = findings.filter((one) => one !== undefined);
  return {
    proposals: found.filter((one) => "replacements" in one),
    notes: found.filter((one): one is EditNote => !("replacements" in one)),
  };
}
