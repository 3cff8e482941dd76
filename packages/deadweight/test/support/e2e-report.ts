import assert from "node:assert/strict";
import type { Claim, Report } from "../../src/index.ts";

type Column = "tarBytes" | "compressedBytes";

/** Both columns add up: by layer, by component, and to the totals. */
export function assertExact(report: Report): void {
  for (const column of ["tarBytes", "compressedBytes"] as const) {
    assert.equal(sum(report.layers, column), report.totals[column], `layers: ${column}`);
    assert.equal(sum(report.components, column), report.totals[column], `components: ${column}`);
  }
  assert.ok(report.totals.reclaimableBytes <= report.totals.tarBytes, "reclaimable");
  assert.equal(
    report.reclaimable.reduce((total, row) => total + row.bytes, 0),
    report.totals.reclaimableBytes,
  );
}

function sum(rows: readonly Readonly<Record<Column, number>>[], column: Column): number {
  return rows.reduce((total, row) => total + row[column], 0);
}

/** What stores may tell differently: where the image is, and all that compression changes. */
const ofTheStore: ReadonlySet<string> = new Set([
  "reference",
  "digest",
  "mediaType",
  "compressedBytes",
  "reclaimableCompressedBytes",
]);

/** A report without what depends on the store. */
export function withoutStore(report: Report): unknown {
  return JSON.parse(JSON.stringify(report, (key, value: unknown) => (ofTheStore.has(key) ? undefined : value)));
}

/** All that a rule claims, by path. */
export function claimsOf(report: Report, rule: string): readonly Claim[] {
  const outcome = report.outcomes.find((known) => known.rule === rule);
  assert.equal(outcome?.status, "found", rule);
  return outcome.findings.flatMap((finding) => finding.claims).sort((one, other) => (pathOf(one) < pathOf(other) ? -1 : 1));
}

/** The path that a claim names. */
export function pathOf(claim: Claim): string {
  return claim.location.path ?? "";
}

/** The sum of the bytes of claims. */
export function bytesOf(claims: readonly Claim[]): number {
  return claims.reduce((total, claim) => total + claim.bytes, 0);
}
