import type { ReportComponent } from "../../model/report.ts";
import type { ComparedComponent, ComponentChange, ComponentPair } from "../../model/size-comparison.ts";

/** The components of two images side by side, all of one kind and name taken as one; the largest difference first. */
export function pairComponents(before: readonly ReportComponent[], after: readonly ReportComponent[]): readonly ComponentPair[] {
  const [old, now] = [Map.groupBy(before, keyOf), Map.groupBy(after, keyOf)];
  const pairs = [...new Set([...old.keys(), ...now.keys()])].map((key) => pairOf(old.get(key), now.get(key)));
  return pairs.sort((one, other) => Math.abs(growthOf(other)) - Math.abs(growthOf(one)) || compareNames(one, other));
}

/** Bytes that it has more than before. */
export function growthOf({ before, after }: Pick<ComponentPair, "before" | "after">): number {
  return (after?.tarBytes ?? 0) - (before?.tarBytes ?? 0);
}

function keyOf({ kind, name }: ReportComponent): string {
  return JSON.stringify([kind, name]);
}

function pairOf(one: readonly ReportComponent[] = [], other: readonly ReportComponent[] = []): ComponentPair {
  const { kind = "unowned", name = "" } = one[0] ?? other[0] ?? {};
  const [before, after] = [sideOf(one), sideOf(other)];
  return {
    change: changeOf(before, after),
    kind,
    name,
    isOtherVersion: before !== undefined && after !== undefined && before.version !== after.version,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function sideOf(all: readonly ReportComponent[]): ComparedComponent | undefined {
  if (all.length === 0) return undefined;
  const versions = [...new Set(all.flatMap(({ version }) => version ?? []))].sort();
  const sum = (field: "tarBytes" | "compressedBytes" | "files"): number => all.reduce((total, one) => total + one[field], 0);
  return {
    ...(versions.length === 0 ? {} : { version: versions.join(", ") }),
    tarBytes: sum("tarBytes"),
    compressedBytes: sum("compressedBytes"),
    files: sum("files"),
  };
}

function changeOf(before: ComparedComponent | undefined, after: ComparedComponent | undefined): ComponentChange {
  if (before === undefined) return "new";
  if (after === undefined) return "gone";
  if (before.tarBytes === after.tarBytes) return "same";
  return before.tarBytes < after.tarBytes ? "bigger" : "smaller";
}

function compareNames(one: ComponentPair, other: ComponentPair): number {
  const [first, second] = [`${one.kind} ${one.name}`, `${other.kind} ${other.name}`];
  return first < second ? -1 : first > second ? 1 : 0;
}
