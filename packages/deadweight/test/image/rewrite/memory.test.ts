import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../support/tools.ts";

const script = new URL("./large-layer.ts", import.meta.url);
const GiB = 1024 ** 3;

/** Node collects what its deflate leaves behind only after some 64 MB. */
const most = { none: 200_000, zstd: 200_000, gzip: 250_000 };

for (const kind of ["none", "zstd", "gzip"] as const) {
  test(`a layer of 1 GiB is written again without an entry, as ${kind}, in less than ${most[kind] / 1000} MB of memory`, () => {
    const { tarBytes, maxRss } = JSON.parse(
      run(process.execPath, [fileURLToPath(script), String(GiB), kind]).toString(),
    ) as Record<string, number>;
    assert.equal(tarBytes, 512 + GiB + 1024);
    assert.ok(maxRss !== undefined && maxRss < most[kind], `${maxRss} kB`);
  });
}
