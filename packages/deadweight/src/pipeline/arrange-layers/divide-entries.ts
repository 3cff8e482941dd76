import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { owners, type Component } from "../../facts/owners.ts";
import type { LayerShape } from "../../model/layer-shape.ts";
import { predictCosts } from "../plan-changes/predict.ts";
import { fillParts, fillUpTo, type Filling } from "./fill-parts.ts";
import type { JoinedLinks } from "./joined-links.ts";

/** Entries in parts of like size. */
export interface Division {
  readonly parts: number;
  readonly partOf: (entry: number) => number;
  /** The owners of most bytes of a part, the largest first. */
  readonly ownersOf: (part: number) => readonly string[];
  /** Compressed bytes of the largest part, as predicted. */
  readonly largest: number;
  /** The same of the layers as they are, without folders and markers. */
  readonly largestBefore: number;
}

/** How entries are divided: in at most so many parts, or in parts of at most so many bytes. */
export type DivisionRule = { readonly parts: number } | { readonly partBytes: number };

/** A prediction may be a little less than what comes out. */
const limitMargin = 0.92;

/** How a shape divides joined layers of which it wants so many parts. */
export function divisionRule(shape: LayerShape, parts: number): DivisionRule {
  return shape.kind === "limit" ? { partBytes: Math.floor(shape.layerBytes * limitMargin) } : { parts };
}

interface UnitEntries {
  readonly owner: Component;
  readonly layer: number;
  readonly entries: readonly number[];
  readonly sizes: readonly number[];
  readonly bytes: number;
}

/**
 * Divides the entries that stay: what one package owns is together unless it is more than a part. What lower layers brought is low, since
 * that changes rarely, the application's files are high; of one layer the largest packages are lowest.
 */
export function divideEntries(
  facts: Facts,
  {
    edits,
    entries,
    links,
    rule,
  }: {
    readonly edits: ReadonlyMap<number, EntryEdit>;
    readonly entries: readonly number[];
    readonly links: JoinedLinks;
    readonly rule: DivisionRule;
  },
): Division {
  const sizes = sizesOf(facts, edits, entries, links);
  const units = unitsOf(facts, sizes);
  const filling = "parts" in rule ? fillParts(units, rule.parts) : fillUpTo(units, rule.partBytes);
  const parts = new Map<number, number>();
  for (const [unit, { entries: own }] of units.entries())
    for (const [place, entry] of own.entries()) parts.set(entry, filling.partOf[unit]?.[place] ?? 0);
  return {
    parts: filling.parts,
    partOf: (entry) => parts.get(links.headOf.get(entry) ?? entry) ?? 0,
    ownersOf: (part) => ownersIn(units, filling, part),
    largest: filling.largest,
    largestBefore: largestLayer(facts, sizes),
  };
}

function largestLayer(facts: Facts, sizes: ReadonlyMap<number, number>): number {
  const { layerOf } = facts.get(fileTree);
  const bytes = facts.layers.map(() => 0);
  for (const [entry, size] of sizes) bytes[layerOf(entry)] = (bytes[layerOf(entry)] ?? 0) + size;
  return bytes.reduce((one, other) => Math.max(one, other), 0);
}

/** Compressed bytes by entry; names of one file count for the first of them, with its content. */
function sizesOf(
  facts: Facts,
  edits: ReadonlyMap<number, EntryEdit>,
  entries: readonly number[],
  { headOf, comesAt }: JoinedLinks,
): ReadonlyMap<number, number> {
  const tree = facts.get(fileTree);
  const costs = predictCosts(facts, edits);
  const costOf = (entry: number): number => costs.get(entry)?.compressedBytes ?? tree.compressedBytes(entry);
  const sizes = new Map<number, number>();
  const add = (entry: number, bytes: number): void => void sizes.set(entry, (sizes.get(entry) ?? 0) + bytes);
  for (const entry of entries) add(headOf.get(entry) ?? entry, costOf(entry));
  for (const [place, head] of comesAt) if (!edits.has(place)) add(head, costOf(place));
  return sizes;
}

function unitsOf(facts: Facts, sizes: ReadonlyMap<number, number>): readonly UnitEntries[] {
  const tree = facts.get(fileTree);
  const { of } = facts.get(owners);
  const isOwned = ({ kind }: Component): boolean => kind !== "application" && kind !== "unowned";
  const groups = Map.groupBy([...sizes.keys()], of);
  const units = [...groups].flatMap(([owner, entries]): UnitEntries[] => {
    const byLayer = [...Map.groupBy(entries, tree.layerOf)];
    if (!isOwned(owner)) return byLayer.map(([layer, own]) => unitOf(owner, layer, own, sizes));
    const whole = unitOf(owner, 0, entries, sizes);
    const [[layer] = [0]] = byLayer
      .map(([number, own]) => [number, unitOf(owner, number, own, sizes).bytes] as const)
      .sort(([, one], [, other]) => other - one);
    return [{ ...whole, layer }];
  });
  return units.sort(
    (one, other) =>
      Number(one.owner.kind === "application") - Number(other.owner.kind === "application") ||
      one.layer - other.layer ||
      other.bytes - one.bytes ||
      (one.entries[0] ?? 0) - (other.entries[0] ?? 0),
  );
}

function unitOf(owner: Component, layer: number, entries: readonly number[], bytes: ReadonlyMap<number, number>): UnitEntries {
  const sorted = entries.toSorted((one, other) => one - other);
  const sizes = sorted.map((entry) => bytes.get(entry) ?? 0);
  return { owner, layer, entries: sorted, sizes, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function ownersIn(units: readonly UnitEntries[], { partOf }: Filling, part: number): readonly string[] {
  const shares = units.map(({ owner, sizes }, unit) => ({
    name: owner.name,
    bytes: sizes.reduce((sum, size, place) => sum + (partOf[unit]?.[place] === part ? size : 0), 0),
  }));
  const ordered = shares.filter(({ bytes }) => bytes > 0).sort((one, other) => other.bytes - one.bytes);
  return [...new Set(ordered.map(({ name }) => name))];
}
