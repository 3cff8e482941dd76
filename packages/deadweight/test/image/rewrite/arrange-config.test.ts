import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangeConfig, type ConfigLayer } from "../../../src/image/rewrite/arrange-config.ts";

const config = `{"created":"2026-01-01T00:00:00Z", "big": 12345678901234567890, "history":[{"created_by":"FROM","created":"A"},
 {"created_by":"ENV","empty_layer":true},{"created_by":"RUN one","created":"B"},{"created_by":"RUN two","created":"C"},
 {"created_by":"CMD","empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:b","sha256:c"]},"config":{"Cmd":["x"]}}`;

function arranged(layers: readonly ConfigLayer[], text = config): string {
  return Buffer.from(arrangeConfig(Buffer.from(text), layers, {})).toString();
}

const base: ConfigLayer = { diffId: "sha256:a", row: { layer: 0 } };
const joined = (diffId: string, createdBy: string, comment?: string): ConfigLayer => ({
  diffId,
  row: { createdBy, joined: [1, 2], ...(comment === undefined ? {} : { comment }) },
});

test("a joined layer has one row, in the place and with the time of the last; rows without a layer stay", () => {
  const text = arranged([base, joined("sha256:d", "joined", "one; two")]);
  assert.equal(
    text,
    `{"created":"2026-01-01T00:00:00Z","big": 12345678901234567890,"history":[{"created_by":"FROM","created":"A"},` +
      `{"created_by":"ENV","empty_layer":true},{"created":"C","created_by":"joined","comment":"one; two"},` +
      `{"created_by":"CMD","empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:d"]},"config":{"Cmd":["x"]}}`,
  );
});

test("parts have a row each, and a layer on top has the last one", () => {
  const rowsOf = (layers: readonly ConfigLayer[]): readonly string[] =>
    (JSON.parse(arranged(layers)) as { history: { created_by: string }[] }).history.map((row) => row.created_by);
  assert.deepEqual(rowsOf([base, joined("sha256:d", "part 1"), joined("sha256:e", "part 2")]), [
    "FROM",
    "ENV",
    "part 1",
    "part 2",
    "CMD",
  ]);
  const kept = [0, 1, 2].map((layer): ConfigLayer => ({ diffId: "sha256:a", row: { layer } }));
  const top: ConfigLayer = { diffId: "sha256:f", row: { createdBy: "top", joined: [] } };
  assert.deepEqual(rowsOf([...kept, top]), ["FROM", "ENV", "RUN one", "RUN two", "CMD", "top"]);
});

test("a history that has not one row for each layer stays as it is", () => {
  const text = `{"history":[{"created_by":"only"}],"rootfs":{"diff_ids":["sha256:a","sha256:b","sha256:c"]}}`;
  assert.equal(
    arranged([base, joined("sha256:d", "joined")], text),
    `{"history":[{"created_by":"only"}],"rootfs":{"diff_ids":["sha256:a","sha256:d"]}}`,
  );
  assert.equal(
    arranged([base, joined("sha256:d", "joined")], `{"rootfs":{"diff_ids":["sha256:a","sha256:b","sha256:c"]}}`),
    `{"rootfs":{"diff_ids":["sha256:a","sha256:d"]}}`,
  );
});
