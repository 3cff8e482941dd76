import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runSettings } from "../../src/pipeline/run-settings.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const config = join(temporaryFolder(), "deadweight.yaml");

test("the only service, or the one that is named", async () => {
  writeFileSync(config, "services: { one: { pids: 7 } }\n");
  assert.equal((await runSettings({ config })).pids, 7);
  assert.equal((await runSettings({ config, service: "one" })).pids, 7);
  await assert.rejects(runSettings({ config, service: "ome" }), { message: /no service ome/, hint: 'did you mean "one"?' });
  await assert.rejects(runSettings({ config, service: "constructor" }), { exitCode: 2 });
  writeFileSync(config, "services: { one: {}, two: {} }\n");
  await assert.rejects(runSettings({ config }), { message: /it has 2 services/, hint: "say which with --service: one, two" });
  writeFileSync(config, "services: {}\n");
  await assert.rejects(runSettings({ config }), { exitCode: 2 });
});

test("without a configuration a service is only started", async () => {
  const { probes, network, staysUp } = await runSettings({});
  assert.deepEqual([probes, network, staysUp], [[], undefined, 2000]);
  await assert.rejects(runSettings({ service: "x" }), { hint: "give --config FILE" });
});
