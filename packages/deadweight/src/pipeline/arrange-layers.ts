import type { Facts } from "../contracts/fact.ts";
import { fragileLayers } from "../facts/fragile-layers.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import type { ArrangedLayer, Arrangement, LayerJoin } from "../image/rewrite/arrangement.ts";
import { textOf } from "../lib/byte-string.ts";
import { printableJson } from "../lib/printable.ts";
import { UserError } from "../lib/user-error.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import { mostLayers, printLayerShape, type LayerShape } from "../model/layer-shape.ts";
import { joinChanges, withoutOverridden } from "./arrange-layers/join-changes.ts";
import { joinedRows } from "./arrange-layers/joined-rows.ts";
import { bytesOf, joinableLayers } from "./arrange-layers/joinable-layers.ts";
import { planJoin, type JoinPlan, type JoinRequest } from "./arrange-layers/plan-join.ts";
import { predictJoins } from "./arrange-layers/predict-joins.ts";
import type { ChangePlan } from "./plan-changes.ts";

/** A plan whose result has other layers than the source. */
export interface ArrangedPlan extends ChangePlan {
  /** Absent when all layers stay for themselves. */
  readonly arrangement?: Arrangement;
}

interface Joined {
  readonly request: JoinRequest;
  readonly plan: JoinPlan;
}

/** Adds to a plan what a shape asks: what a container sees stays the same. Throws UserError `unsupported` where it can't be had. */
export function arrangeLayers(facts: Facts, plan: ChangePlan, shape: LayerShape): ArrangedPlan {
  if (shape.kind === "keep") return plan;
  const notes = fragileNotes(facts, plan, shape);
  const joined: Joined[] = [];
  for (const request of joinableLayers(facts, shape)) {
    const join = isArranged(facts, request, shape) ? undefined : planJoin(facts, plan.edits, request);
    if (join === undefined) continue;
    if ("unsayable" in join) notes.push(unsayableNote(request, join.unsayable));
    else if (!isBalanced(request, join)) joined.push({ request, plan: join });
  }
  if (joined.length === 0)
    return { ...plan, notes: [...plan.notes, ...notes, `all layers stay for themselves: no two are to be joined`] };
  const joins = joined.map(({ plan: one }) => one);
  const arrangement = arrangementOf(facts, joined, shape);
  if (arrangement.layers.length > mostLayers) throw tooMany(arrangement.layers.length, shape);
  return {
    ...plan,
    changes: [
      ...withoutOverridden(plan.changes, plan.edits, joins),
      ...joins.flatMap((one) => joinChanges(facts, plan.edits, one)),
    ].sort(byPlace),
    predicted: predictJoins(facts, plan.edits, arrangement.joins),
    notes: [...plan.notes, ...notes, ...joined.flatMap((one) => joinNotes(one, shape))],
    arrangement,
  };
}

function byPlace(one: ChangePlan["changes"][number], other: ChangePlan["changes"][number]): number {
  return one.layer - other.layer;
}

/** Whether a limit is kept as it is. */
function isArranged(facts: Facts, { layers }: JoinRequest, shape: LayerShape): boolean {
  return shape.kind === "limit" && layers.every((layer) => bytesOf(facts, [layer]) <= shape.layerBytes);
}

/** Whether layers are about as few and as even as they would come out. */
function isBalanced({ layers, rule }: JoinRequest, { division }: JoinPlan): boolean {
  if (rule === undefined || !("parts" in rule)) return false;
  return layers.length === division.parts && division.largestBefore <= 1.1 * division.largest;
}

function arrangementOf(facts: Facts, joined: readonly Joined[], shape: LayerShape): Arrangement {
  const joins = joined.map(({ request, plan }): LayerJoin => {
    const { edits, before, partOf, division } = plan;
    const compression = compressionOf(facts, request.layers);
    const rows = joinedRows(facts, request.layers, division, printLayerShape(shape));
    return { layers: request.layers, parts: division.parts, compression, edits, before, partOf, rows };
  });
  const layers = [...facts.layers.keys()].flatMap((layer): ArrangedLayer[] => {
    const join = joins.findIndex((one) => one.layers.includes(layer));
    const { layers: own = [], parts = 0 } = joins[join] ?? {};
    if (join < 0) return [{ kind: "kept", layer }];
    return own[0] === layer ? Array.from({ length: parts }, (_, part) => ({ kind: "part", join, part })) : [];
  });
  return { layers, joins };
}

/** How most bytes of the layers are compressed. */
function compressionOf({ layers }: Facts, chosen: readonly number[]): LayerIndex["compression"] {
  const bytes = (kind: LayerIndex["compression"]): number =>
    chosen.reduce((sum, layer) => sum + (layers[layer]?.compression === kind ? (layers[layer]?.tarBytes ?? 0) : 0), 0);
  const kinds = ["gzip", "zstd", "none"] as const;
  return kinds.reduce((one, other) => (bytes(other) > bytes(one) ? other : one));
}

function tooMany(layers: number, shape: LayerShape): UserError {
  return new UserError(
    "unsupported",
    `layers ${printLayerShape(shape)}: ${layers} layers, and engines stack at most ${mostLayers}`,
    {
      hint: "ask for fewer, or for a platform that takes larger layers",
      exitCode: 2,
    },
  );
}

/** Plans have a note of their own of those that might have been edited. */
function fragileNotes(facts: Facts, { notes }: ChangePlan, shape: LayerShape): string[] {
  const origins = facts.get(layerOrigins).layers;
  return [...facts.get(fragileLayers)]
    .filter(([layer]) => shape.kind !== "squash-own" || origins[layer]?.base !== true)
    .filter(([layer]) => !notes.some((note) => note.startsWith(`layer ${layer} is left as it is`)))
    .map(([layer, reason]) => `layer ${layer} stays for itself, as runtimes differ in what they make of it: ${reason}`);
}

function unsayableNote({ layers }: JoinRequest, path: string): string {
  const place = printableJson(JSON.stringify(textOf(path)));
  return `layers ${rangeOf(layers)} stay for themselves: ${place} was removed and is there again by what lies in it alone`;
}

function joinNotes({ request, plan: { division, repeated } }: Joined, shape: LayerShape): readonly string[] {
  const { layers } = request;
  if (division.parts === 1) return [`layers ${rangeOf(layers)} become one`];
  const copies =
    repeated.folders === 0 ? "" : `; ${repeated.folders} folders are stored in more than one, ${repeated.bytes} bytes`;
  const tooLarge = shape.kind === "limit" && division.largest > shape.layerBytes;
  return [
    `${layers.length === 1 ? "layer" : "layers"} ${rangeOf(layers)} become ${division.parts}, the largest about ${division.largest} bytes${copies}`,
    ...(tooLarge ? [`a file alone is larger than the ${shape.layerBytes} bytes of ${shape.name}`] : []),
  ];
}

function rangeOf(layers: readonly number[]): string {
  const [first = 0] = layers;
  return layers.length === 1 ? String(first) : `${first} to ${layers.at(-1) ?? first}`;
}
