import assert from "node:assert/strict";
import { test } from "node:test";
import { analyze } from "../../src/pipeline/analyze.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { cudaBase, torchWheels } from "../support/cuda-twice.ts";
import { tarOf } from "../support/layers.ts";
import { amd64Options, layoutOf } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const gzip = "gzip" as const;

test("programs are looked into where CUDA is there twice alone, and the copies that nobody uses go", async () => {
  const source = await layoutOf([{ archive: tarOf([...cudaBase(), ...torchWheels()]), compression: gzip }]);
  const options = amd64Options({ level: "verified" });
  const isLookedInto = (reference: string): Promise<boolean> =>
    withFacts(reference, options, ({ facts }) => facts.layers.every(({ programs }) => programs !== undefined));
  assert.equal(await isLookedInto(source), true);
  const report = await analyze(source, { ...options, only: ["duplicate-cuda"] });
  assert.match(report.outcomes[0]?.findings[0]?.message ?? "", /nothing resolves to these/);
  const { result, changes } = await optimize(source, `oci:${temporaryFolder()}/after`, options);
  const removed = changes.filter(({ transform, action }) => transform === "drop-duplicate-cuda" && action === "remove");
  assert.equal(removed.filter(({ path }) => path.includes("/lib/libcu")).length, 6);
  const after = result?.reference ?? assert.fail();
  assert.equal(await isLookedInto(after), false);
  const again = await analyze(after, { ...options, only: ["duplicate-cuda"] });
  assert.deepEqual(again.outcomes[0]?.findings, []);
});
