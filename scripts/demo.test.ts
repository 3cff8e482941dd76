import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { assertExact, claimsOf, pathOf } from "../packages/deadweight/test/support/e2e-report.ts";
import { temporaryFolder } from "../packages/deadweight/test/support/temporary-folder.ts";
import type { Report } from "../packages/deadweight/src/index.ts";

const demo = join(import.meta.dirname, "demo.ts");

describe("npm run demo", () => {
  let printed: { stdout: string; stderr: string };
  let report: Report;
  before(async () => {
    const folder = temporaryFolder();
    const file = join(folder, "report.json");
    const options = [join(folder, "image"), "--quiet", "-o", `json=${file}`];
    printed = await promisify(execFile)(process.execPath, [demo, ...options]);
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  });

  test("it says in one line what it made, and prints the table", () => {
    assert.match(
      printed.stderr,
      /^demo: made oci:\S+ \(\d layers, \d+ MB, \d+ MB compressed\) with mistakes planted for .+\n\n$/,
    );
    assert.match(printed.stdout, /^Total +\d+/m);
    assert.match(printed.stdout, /^Dead weight +\d+/m);
    assert.match(printed.stdout, /metadata-rewrites/);
  });

  test("the sums are exact", () => {
    assertExact(report);
    assert.deepEqual(report.problems, []);
    assert.ok(report.totals.tarBytes > 100e6, `${report.totals.tarBytes} bytes`);
    assert.ok(report.totals.compressedBytes < report.totals.tarBytes);
  });

  test("every mistake that it says it planted is found, and no rule crashes", () => {
    const planted = /planted for (.+)\n/.exec(printed.stderr)?.[1]?.split(", ") ?? [];
    assert.ok(planted.length >= 6, planted.join(" "));
    const status = new Map(report.outcomes.map((outcome) => [outcome.rule, outcome.status]));
    assert.deepEqual(
      planted.filter((rule) => status.get(rule) !== "found"),
      [],
    );
    assert.ok(![...status.values()].includes("crashed"));
  });

  test("the mistakes are found where they are", () => {
    const layer = (instruction: string): number => {
      const found = report.layers.find((known) => known.instruction.startsWith(instruction));
      assert.ok(found !== undefined, instruction);
      return found.index;
    };
    const rewritten = claimsOf(report, "metadata-rewrites").filter((claim) => claim.location.layer === layer("RUN chown -R"));
    const brought = [layer("COPY . /app"), layer("RUN npm ci")].map((index) => report.layers[index]?.files ?? 0);
    assert.ok(rewritten.length > 1000 && rewritten.length < (brought[0] ?? 0) + (brought[1] ?? 0), `${rewritten.length} files`);
    assert.ok(rewritten.every((claim) => pathOf(claim).startsWith("app/")));
    const repository = claimsOf(report, "version-control-folders");
    assert.ok(repository.length > 100 && repository.every((claim) => pathOf(claim).startsWith("app/.git/")));
    const cache = claimsOf(report, "npm-cache");
    assert.ok(cache.every((claim) => claim.location.layer === layer("RUN npm ci") && pathOf(claim).startsWith("root/.npm/")));
    const copies = claimsOf(report, "duplicate-files").filter((claim) => pathOf(claim).startsWith("opt/tools/"));
    assert.ok(copies.length > 0 && copies.every((claim) => claim.location.layer === layer("RUN cp -r")));
    assert.ok(claimsOf(report, "logs").some((claim) => pathOf(claim) === "var/log/setup.log"));
    assert.ok(claimsOf(report, "temporary-files").some((claim) => pathOf(claim) === "tmp/setup.tmp"));
  });

  test("the base image is told from what was built on it", () => {
    assert.equal(report.baseImage.layers, 1);
    assert.match(report.baseImage.evidence, /CMD \["bash"\]/);
  });
});
