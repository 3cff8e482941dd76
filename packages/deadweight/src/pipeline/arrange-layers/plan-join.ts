import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { entryTypes } from "../../model/layer-index.ts";
import { divideEntries, type Division, type DivisionRule } from "./divide-entries.ts";
import { editedStack, type EditedStack } from "./edited-stack.ts";
import { joinedLinks, type JoinedLinks } from "./joined-links.ts";
import { keptMarkers, type KeptMarkers } from "./kept-markers.ts";
import { placeEntries, type PlacedEntries } from "./place-entries.ts";

/** Neighbouring layers that are to be joined, and how they are divided again; into one without a rule. */
export interface JoinRequest {
  readonly layers: readonly number[];
  readonly rule?: DivisionRule;
}

/** What joining makes of layers. */
export interface JoinPlan extends PlacedEntries {
  readonly stack: EditedStack;
  /** First entry of the joined layers. */
  readonly first: number;
  readonly division: Division;
}

const whole: Division = { parts: 1, partOf: () => 0, ownersOf: () => [], largest: 0, largestBefore: 0 };
const noMarkers: KeptMarkers = { stay: new Set(), opaque: new Set(), unsayable: undefined };
const [directory, whiteout, opaque] = (["directory", "whiteout", "opaque"] as const).map((type) => entryTypes.indexOf(type));

/** Plans a join; gives the path of a folder that stands in its way where there is one. */
export function planJoin(
  facts: Facts,
  edits: ReadonlyMap<number, EntryEdit>,
  { layers, rule }: JoinRequest,
): JoinPlan | { readonly unsayable: string } {
  const [lowest = 0] = layers;
  const end = lowest + layers.length;
  const stack = editedStack(facts, { first: lowest, end }, edits);
  const lower = lowest === 0 ? undefined : editedStack(facts, { first: 0, end: lowest }, edits).merged;
  const markers = lower === undefined ? noMarkers : keptMarkers(stack, lower);
  if (markers.unsayable !== undefined) return { unsayable: stack.merged.paths.path(markers.unsayable) };
  const first = facts.layers.slice(0, lowest).reduce((sum, { count }) => sum + count, 0);
  const entries = stayingFiles(stack);
  const links = linksOf(facts, edits, { layers, first, staying: new Set(entries) });
  const division = rule === undefined ? whole : divideEntries(facts, { edits, entries, links, rule });
  const join = { stack, markers, links, first, end: first + countOf(facts, layers), ...division };
  return { ...placeEntries(facts, edits, join), stack, first, division };
}

function countOf({ layers }: Facts, chosen: readonly number[]): number {
  return chosen.reduce((sum, layer) => sum + (layers[layer]?.count ?? 0), 0);
}

/** What is seen at the end and is no folder, by numbers of the file tree. */
function stayingFiles({ merged, sourceOf, types }: EditedStack): readonly number[] {
  const staying: number[] = [];
  for (let number = 0; number < merged.entryCount; number++) {
    const type = types[number];
    if (type === directory || type === whiteout || type === opaque) continue;
    if (merged.visible[merged.nodes[number] ?? 0] === number) staying.push(sourceOf[number] ?? 0);
  }
  return staying;
}

function linksOf(
  facts: Facts,
  edits: ReadonlyMap<number, EntryEdit>,
  {
    layers,
    first,
    staying,
  }: { readonly layers: readonly number[]; readonly first: number; readonly staying: ReadonlySet<number> },
): JoinedLinks {
  const headOf = new Map<number, number>();
  const comesAt = new Map<number, number>();
  let entry = first;
  for (const layer of layers) {
    const index = facts.layers[layer];
    if (index === undefined) continue;
    const own = joinedLinks(index, entry, edits, (one) => staying.has(one));
    for (const [name, head] of own.headOf) headOf.set(name, head);
    for (const [place, head] of own.comesAt) comesAt.set(place, head);
    entry += index.count;
  }
  for (const name of staying) {
    const edit = edits.get(name);
    if (edit?.action === "link-below") headOf.set(name, headOf.get(edit.to) ?? edit.to);
  }
  return { headOf, comesAt };
}
