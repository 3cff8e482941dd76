import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { buildOutcomeSchema } from "../../src/model/build-outcome-schema.ts";
import { dockerfileRewriteSchema } from "../../src/model/dockerfile-rewrite-schema.ts";
import { promotionSchema } from "../../src/model/promotion-schema.ts";
import { asRecord } from "../../src/lib/parse-json.ts";
import { commandLine } from "../support/command-line.ts";
import { verifiedFolder } from "../support/promoting.ts";
import { folderWith } from "../support/rewriting.ts";

const docs = join(import.meta.dirname, "../../../../docs");
const text =
  "FROM python:3.12\nRUN apt-get update && apt-get install -y curl\nRUN pip install fastapi\nCOPY . /srv\n" +
  "RUN chmod -R 755 /srv\n# deadweight ignore=pip-no-cache because it is read\nRUN pip install wheel\n";

test("what rewrite prints fits its schema, and has no field that is not in it", async () => {
  const { stdout } = await commandLine(["rewrite", folderWith({ Dockerfile: text }), "--level", "verified", "-f", "json"]);
  const printed: unknown = JSON.parse(stdout);
  const { changes, notes, silenced, hunks } = dockerfileRewriteSchema.parse(printed);
  assert.ok(
    changes.length > 1 && notes.length > 0 && silenced.length === 1 && hunks.length > 0,
    "all kinds of entries are there",
  );
  assert.deepEqual(unknownFields("rewrite", printed), []);
  const changed = { ...asRecord(printed), measured: { bytes: -1, compressedBytes: 0 } };
  assert.equal(dockerfileRewriteSchema.safeParse(changed).success, false);
});

test("so does what promote and rollback print, and the record of a build", async () => {
  const folder = await verifiedFolder();
  const dockerfile = join(folder, "Dockerfile");
  const record: unknown = JSON.parse(readFileSync(join(dirname(dockerfile), ".deadweight/Dockerfile.json"), "utf8"));
  buildOutcomeSchema.parse(record);
  assert.deepEqual(unknownFields("build", record), []);
  for (const verb of ["promote", "rollback"]) {
    const { code, stdout, stderr } = await commandLine([verb, "--dockerfile", dockerfile, "--json"]);
    assert.equal(code, 0, stderr);
    const printed: unknown = JSON.parse(stdout);
    assert.equal(promotionSchema.parse(printed).dockerfile.path, dockerfile);
    assert.deepEqual(unknownFields("promotion", printed), []);
  }
});

/** Fields of a value, at any depth, that the published schema does not name. */
function unknownFields(name: string, value: unknown): readonly string[] {
  const schema: unknown = JSON.parse(readFileSync(join(docs, `${name}-schema.json`), "utf8"));
  const found: string[] = [];
  const look = (part: unknown, below: unknown, path: string): void => {
    if (Array.isArray(part)) return part.forEach((item) => look(item, asRecord(below)?.["items"], `${path}[]`));
    const properties = asRecord(asRecord(below)?.["properties"]);
    for (const [key, inner] of Object.entries(asRecord(part) ?? {})) {
      if (properties === undefined) continue;
      if (!Object.hasOwn(properties, key)) found.push(`${path}.${key}`);
      else look(inner, properties[key], `${path}.${key}`);
    }
  };
  look(value, schema, "");
  return found;
}
