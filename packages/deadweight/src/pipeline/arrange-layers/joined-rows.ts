import type { Facts } from "../../contracts/fact.ts";
import type { JoinedRow } from "../../image/rewrite/arrangement.ts";
import type { Division } from "./divide-entries.ts";

const mostNames = 3;

/** The history rows of the parts of joined layers: which they were, what is in each, and on the first what had made them. */
export function joinedRows({ image }: Facts, layers: readonly number[], division: Division, shape: string): readonly JoinedRow[] {
  const [first = 0] = layers;
  const last = layers.at(-1) ?? first;
  const range = first === last ? `layer ${first}` : `layers ${first} to ${last}`;
  const filled = image.config.history.filter(({ emptyLayer }) => !emptyLayer);
  const made = layers.flatMap((layer) => filled[layer]?.createdBy ?? []).join("; ");
  return Array.from({ length: division.parts }, (_, part): JoinedRow => {
    const what =
      division.parts === 1 ? `${range} in one` : `part ${part + 1} of ${division.parts} of ${range}${namesIn(division, part)}`;
    const comment = part === 0 && made !== "" ? { comment: made } : {};
    return { createdBy: `deadweight optimize --layers ${shape} # ${what}`, ...comment };
  });
}

function namesIn({ ownersOf }: Division, part: number): string {
  const names = ownersOf(part);
  if (names.length === 0) return "";
  const more = names.length - mostNames;
  return `: ${names.slice(0, mostNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
