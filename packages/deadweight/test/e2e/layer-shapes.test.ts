import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import type { LayerShape } from "../../src/model/layer-shape.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { restore } from "../../src/pipeline/restore.ts";
import { buildImage, engineName, missingTools } from "../support/e2e-system.ts";
import { assertPredicted, optimizeOptions } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run } from "../support/tools.ts";
import { differingPaths, manifestIn, treeByEngine, treeByUmoci } from "../support/unpacked-tree.ts";

/** What stands for the base image. */
const baseSteps = `
RUN mkdir -p /opt/lib/deep && seq 1 50000 > /opt/lib/numbers && echo old > /opt/lib/deep/old && ln -s lib /opt/link && chmod 2755 /opt/lib
RUN mkdir -p /srv/www && echo page > /srv/www/index && chown -R 33:33 /srv/www`;

/** Whiteouts, a folder in the place of another and of a file, links of which one is overwritten, owners that change, a device, a long name. */
const ownSteps = `
RUN rm -rf /opt/lib/deep && mkdir /opt/lib/deep && echo new > /opt/lib/deep/new && rm /srv/www/index
RUN dd if=/dev/urandom of=/opt/model bs=1M count=3 && ln /opt/model /opt/second && ln /opt/model /opt/third && mkfifo /opt/pipe
RUN rm /opt/model && echo small > /opt/model && chown 7:7 /opt/second && mknod /opt/null c 1 3 && mkdir -m 1777 /opt/sticky
RUN echo file > /opt/was && ln -s /opt/lib/numbers "/opt/ä b" && touch /opt/$(seq -s - 1 60)
RUN rm /opt/was && mkdir -m 700 /opt/was && echo inside > /opt/was/inside && chmod 4755 /opt/lib/numbers && chown -R 5:5 /srv
CMD ["sh", "-c", "wc -l < /opt/lib/numbers; ls /opt | wc -l"]
`;

const shapes: readonly (readonly [shape: LayerShape, layers: number])[] = [
  [{ kind: "squash-own" }, 5],
  [{ kind: "squash" }, 1],
  [{ kind: "balance", layers: 3 }, 3],
];

test("in every shape umoci and the engine see the same tree, and the command works", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const base = buildImage(t, baseSteps);
  run("docker", ["tag", base, `${base}-base`]);
  t.after(() => spawnSync("docker", ["rmi", "--force", `${base}-base`]));
  const image = buildImage(t, ownSteps, `FROM ${base}-base`);
  const folder = temporaryFolder();
  for (const format of ["gzip", "zstd"]) {
    const copy = ["--insecure-policy", "copy", "--quiet", "--dest-compress-format", format, `docker-daemon:${image}`];
    run("skopeo", [...copy, `oci:${folder}/${format}:x`]);
  }
  const before = treeByUmoci(join(folder, "gzip:x"));
  const inEngine = treeByEngine(image);
  for (const [shape, layers] of shapes) {
    const name = shape.kind;
    const optimization = await optimize(
      `oci:${folder}/gzip:x`,
      `oci:${folder}/${name}:x`,
      optimizeOptions({ environment: process.env, layers: shape, base: `docker:${base}-base` }),
    );
    assertPredicted(optimization);
    assert.equal(manifestIn(join(folder, name)).layers.length, layers);
    assert.deepEqual(differingPaths(before, treeByUmoci(join(folder, `${name}:x`))), [], name);
    // What umoci of Debian 12 can't unpack, the prediction is made for too.
    const zstd = `oci:${folder}/${name}-zstd:x`;
    assertPredicted(await optimize(`oci:${folder}/zstd:x`, zstd, optimizeOptions({ environment: process.env, layers: shape })));
    const loaded = engineName(t, name);
    await optimize(
      `docker:${image}`,
      `docker:${loaded}`,
      optimizeOptions({ environment: process.env, layers: shape, base: `docker:${base}-base` }),
    );
    assert.deepEqual(differingPaths(inEngine, treeByEngine(loaded)), [], name);
    assert.equal(run("docker", ["run", "--rm", "--network", "none", loaded]).toString().replaceAll(" ", ""), "50000\n11\n");
    run("skopeo", [
      "--insecure-policy",
      "copy",
      "--quiet",
      `oci:${folder}/${name}:x`,
      `docker-daemon:${engineName(t, "copied")}`,
    ]);
  }
  return undefined;
});

test("what was removed comes back, in a folder and in the engine", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const cache = "/root/.cache/pip/http-v2/a";
  const steps = `
RUN mkdir -p ${cache} && dd if=/dev/urandom of=${cache}/b.body bs=1k count=300 && ln ${cache}/b.body ${cache}/c.body && chown -R 9:9 ${cache} && chmod 711 ${cache}
CMD ["sh", "-c", "ls ${cache}"]`;
  const image = buildImage(t, steps);
  const folder = temporaryFolder();
  run("skopeo", ["--insecure-policy", "copy", "--quiet", `docker-daemon:${image}`, `oci:${folder}/before:x`]);
  const small = engineName(t, "small");
  for (const [from, into] of [
    [`oci:${folder}/before:x`, `oci:${folder}/after:x`],
    [`docker:${image}`, `docker:${small}`],
  ] as const) {
    const options = optimizeOptions({ environment: process.env, rewriteBase: true });
    const { changes } = await optimize(from, into, options);
    assert.ok(changes.some(({ path }) => `/${path}` === `${cache}/b.body`));
    const { restored } = await restore(into, { ...options, from, paths: [cache] });
    assert.ok(restored.includes(`${cache.slice(1)}/b.body`) && restored.includes(`${cache.slice(1)}/c.body`));
  }
  assert.deepEqual(differingPaths(treeByUmoci(join(folder, "before:x")), treeByUmoci(join(folder, "after:x"))), []);
  assert.deepEqual(differingPaths(treeByEngine(image), treeByEngine(small)), []);
  assert.equal(run("docker", ["run", "--rm", "--network", "none", small]).toString(), "b.body\nc.body\n");
  return undefined;
});
