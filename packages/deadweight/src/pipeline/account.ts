import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { owners, type Component } from "../facts/owners.ts";
import type { EntryType } from "../model/layer-index.ts";
import type { ReportComponent, ReportLayer } from "../model/report.ts";

/** Every byte of an image by layer and by owner: the sums of both are the same, in both columns. */
export interface Accounts {
  readonly layers: readonly ReportLayer[];
  readonly components: readonly ReportComponent[];
  readonly contentBytes: number;
}

/** Adds up what the layers store. The end of each archive belongs to nobody. */
export function account(facts: Facts): Accounts {
  const tree = facts.get(fileTree);
  const { of } = facts.get(owners);
  const { layers: origins } = facts.get(layerOrigins);
  const ledger = createLedger();
  let contentBytes = 0;
  let entry = 0;
  const layers = facts.layers.map((index, layer): ReportLayer => {
    let files = 0;
    for (const end = entry + index.count; entry < end; entry++) {
      const type = tree.type(entry);
      const isFile = countsAsFile(type);
      ledger.add(of(entry), layer, tree.tarBytes(entry), tree.compressedBytes(entry), isFile ? 1 : 0);
      if (isFile) files++;
      contentBytes += type === "file" ? tree.size(entry) : 0;
    }
    const lastTar = index.tarBytes - (index.starts[index.count] ?? 0);
    const lastCompressed = index.compressedBytes - (index.compressedStarts[index.count] ?? 0);
    ledger.add({ kind: "unowned", name: "unowned" }, layer, lastTar, lastCompressed, 0);
    const { digest, diffId, tarBytes, compressedBytes } = index;
    const { instruction = "", base = false } = origins[layer] ?? {};
    const mediaType = facts.image.layers[layer]?.mediaType ?? "";
    return { index: layer, digest, diffId, mediaType, tarBytes, compressedBytes, files, instruction, base };
  });
  return { layers, components: ledger.components(), contentBytes };
}

function countsAsFile(type: EntryType): boolean {
  return type !== "directory" && type !== "whiteout" && type !== "opaque";
}

interface Ledger {
  readonly add: (owner: Component, layer: number, tarBytes: number, compressedBytes: number, files: number) => void;
  /** The largest first. */
  readonly components: () => readonly ReportComponent[];
}

function createLedger(): Ledger {
  const rows = new Map<string, Row>();
  const byOwner = new Map<Component, Row>();
  const rowOf = (owner: Component): Row => {
    const key = JSON.stringify([owner.kind, owner.name, owner.version, owner.origin]);
    const row = rows.get(key) ?? { owner, tarBytes: 0, compressedBytes: 0, files: 0, layers: new Set<number>() };
    rows.set(key, row);
    byOwner.set(owner, row);
    return row;
  };
  return {
    add: (owner, layer, tarBytes, compressedBytes, files) => {
      const row = byOwner.get(owner) ?? rowOf(owner);
      row.tarBytes += tarBytes;
      row.compressedBytes += compressedBytes;
      row.files += files;
      row.layers.add(layer);
    },
    components: () => [...rows.values()].map(reportRow).sort(bySize),
  };
}

interface Row {
  readonly owner: Component;
  tarBytes: number;
  compressedBytes: number;
  files: number;
  readonly layers: Set<number>;
}

function reportRow({ owner, layers, ...sums }: Row): ReportComponent {
  const { kind, name, version, origin } = owner;
  return {
    kind,
    name,
    ...(version === undefined ? {} : { version }),
    ...(origin === undefined ? {} : { origin }),
    ...sums,
    layers: [...layers].sort((one, other) => one - other),
  };
}

function bySize(one: ReportComponent, other: ReportComponent): number {
  return other.tarBytes - one.tarBytes || (one.name < other.name ? -1 : 1);
}
