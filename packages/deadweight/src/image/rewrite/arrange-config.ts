import { parseJson } from "../../lib/parse-json.ts";
import type { JoinedRow } from "./arrangement.ts";
import { locateJson, memberOf, textAt, withMembers, type JsonPlace } from "./json-text.ts";
import { rewriteConfig } from "./rewrite-config.ts";

/** A layer of a config: its diffId, and the place of the layer whose history row it has, or a row of its own. */
export interface ConfigLayer {
  readonly diffId: string;
  readonly row: { readonly layer: number } | (JoinedRow & { readonly joined: readonly number[] });
}

/**
 * An image config with these layers, lowest first, and more labels. Rows without a layer stay where they are; those of joined layers
 * are left out, and in the place of the last of them stand the new ones; the rows of layers of which none was joined come last. A history that has not one row for each layer stays as it is. All
 * else stays as it is written. Throws UserError `unreadable` for what is no JSON.
 */
export function arrangeConfig(
  configBytes: Uint8Array,
  layers: readonly ConfigLayer[],
  labels: Readonly<Record<string, string>>,
): Uint8Array {
  parseJson(configBytes, "image config");
  const text = new TextDecoder().decode(configBytes);
  const root = locateJson(text);
  const rootfs = memberOf(root, "rootfs");
  const history = memberOf(root, "history");
  const diffIds = layers.map(({ diffId }) => JSON.stringify(diffId));
  const rows = historyRows(text, history, memberOf(rootfs, "diff_ids")?.items?.length ?? 0, layers);
  const arranged = withMembers(text, root, {
    rootfs: withMembers(text, rootfs, { diff_ids: `[${diffIds.join(",")}]` }),
    ...(rows === undefined ? {} : { history: `[${rows.join(",")}]` }),
  });
  return rewriteConfig(Buffer.from(arranged), { diffIds: new Map(), labels });
}

/** Stands for the place of layers that are made of none of the image's. */
const onTop = -1;

/** The new rows as text; undefined when they can't be told apart. */
function historyRows(
  text: string,
  history: JsonPlace | undefined,
  layerCount: number,
  layers: readonly ConfigLayer[],
): readonly string[] | undefined {
  const items = history?.items ?? [];
  const isEmpty = (item: JsonPlace): boolean => memberText(text, item, "empty_layer") === "true";
  if (items.filter((item) => !isEmpty(item)).length !== layerCount) return undefined;
  const after = rowsByLastLayer(layers);
  const joined = new Set(layers.flatMap(({ row }) => ("joined" in row ? row.joined : [])));
  let layer = 0;
  const before = items.flatMap((item) => {
    if (isEmpty(item)) return [textAt(text, item)];
    const place = layer++;
    if (!joined.has(place)) return [textAt(text, item)];
    const created = memberText(text, item, "created");
    return (after.get(place) ?? []).map((row) => rowText(row, created));
  });
  return [...before, ...(after.get(onTop) ?? []).map((row) => rowText(row, undefined))];
}

function rowsByLastLayer(layers: readonly ConfigLayer[]): ReadonlyMap<number, readonly JoinedRow[]> {
  const rows = layers.flatMap(({ row }) => ("joined" in row ? [row] : []));
  return Map.groupBy(rows, ({ joined }) => joined.at(-1) ?? onTop);
}

function rowText({ createdBy, comment }: JoinedRow, created: string | undefined): string {
  const rest = JSON.stringify({ created_by: createdBy, ...(comment === undefined ? {} : { comment }) });
  return created === undefined ? rest : `{"created":${created},${rest.slice(1)}`;
}

function memberText(text: string, item: JsonPlace, key: string): string | undefined {
  const place = memberOf(item, key);
  return place === undefined ? undefined : textAt(text, place);
}
