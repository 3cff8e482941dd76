import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { json } from "../../src/formats/json.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { Report } from "../../src/model/report.ts";
import { loadReport } from "../../src/pipeline/load-report.ts";
import { sampleOptimization, samplePlan } from "../support/sample-optimization.ts";
import { doubtfulReport, hostileReport } from "../support/sample-report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

test("a report that was rendered as json is read again, the same", async () => {
  for (const report of [doubtfulReport, hostileReport("\u0000\u001b[2J|<b>\u202e模型")]) {
    const path = await saved(json.render(report, { verbose: false, columns: 80, colour: false }));
    assert.deepEqual(await loadReport(path), report);
  }
});

test("the first wrong field is named with its path", async () => {
  const spoilt = structuredClone(doubtfulReport) as unknown as { components: Record<string, unknown>[] };
  spoilt.components[1] = { ...spoilt.components[1], tarBytes: "many" };
  await refuses(JSON.stringify(spoilt), /: components\[1\]\.tarBytes: Invalid input: expected/);
});

test("what is no report is refused with a reason", async () => {
  await refuses("", /no valid JSON/);
  await refuses('{"schemaVersion": 1', /no valid JSON/);
  await refuses("[]", /the file: /);
  await refuses('{"schemaVersion": 7}', /it has schema version 7, this version of deadweight reads 1/);
  await refuses("[".repeat(100_000), /nested deeper than 64/);
  await refuses(Buffer.from([0x22, 0xff, 0x22]), /no valid JSON/);
});

test("a file that is not there or is a folder", async () => {
  await assert.rejects(loadReport(join(folder, "none.json")), isUserError(/none\.json: ENOENT/));
  await assert.rejects(loadReport(folder), isUserError(/EISDIR/));
});

test("a report that hides a prototype changes none", async () => {
  const text = JSON.stringify(doubtfulReport).replace("{", '{"__proto__": {"polluted": true}, ');
  const report = (await loadReport(await saved(text))) as Report & { polluted?: boolean };
  assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  assert.equal(report.polluted, undefined);
});

let files = 0;

async function saved(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.json`);
  await writeFile(path, content);
  return path;
}

async function refuses(content: string | Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(loadReport(await saved(content)), isUserError(message));
}

function isUserError(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.equal(error.exitCode, 3);
    return true;
  };
}

test("the saved result of an optimisation is read whole, and its first wrong field is named", async () => {
  const path = join(folder, "optimization.json");
  const loaded = async (value: unknown): Promise<Report> => {
    await writeFile(path, JSON.stringify(value));
    return loadReport(path);
  };
  assert.deepEqual(await loaded(sampleOptimization), sampleOptimization);
  assert.deepEqual(await loaded(samplePlan), samplePlan);
  const [change] = sampleOptimization.changes;
  const wrong = { ...sampleOptimization, changes: [{ ...change, action: "delete" }] };
  await assert.rejects(loaded(wrong), { code: "unreadable", message: /: changes\[0\]\.action: / });
});
