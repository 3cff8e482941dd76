import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrangeManifest,
  createManifest,
  manifestType,
  rewriteManifest,
  type NewLayer,
} from "../../../src/image/rewrite/rewrite-manifest.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const config = { digest: digest("c"), size: 33 };
const oci = "application/vnd.oci.image";
const docker = "application/vnd.docker";

function rewritten(manifest: unknown, layers: Readonly<Record<number, NewLayer>>): unknown {
  const numbered = Object.entries(layers).map(([place, layer]): [number, NewLayer] => [Number(place), layer]);
  return JSON.parse(Buffer.from(rewriteManifest(Buffer.from(JSON.stringify(manifest)), config, new Map(numbered))).toString());
}

test("new layers and the config take the old ones' places; everything else stays, in order", () => {
  const before =
    `{"annotations":{"b":"1","a":"2"}, "layers":[{"size":10,"digest":"${digest("1")}","mediaType":"${oci}.layer.v1.tar+gzip"},` +
    `{"mediaType":"${oci}.layer.v1.tar+gzip","digest":"${digest("2")}","size":20,"annotations":{"keep":"x","containerd.io/uncompressed":"${digest("3")}"}}],` +
    `"schemaVersion":2,"config":{"mediaType":"application/x","size":1,"digest":"${digest("4")}","data":"e30="},"mediaType":"${oci}.manifest.v1+json","other":1.50}`;
  const after = rewriteManifest(
    Buffer.from(before),
    config,
    new Map([[1, { compression: "zstd", digest: digest("5"), size: 5 }]]),
  );
  assert.equal(
    Buffer.from(after).toString(),
    `{"annotations":{"b":"1","a":"2"},"layers":[{"size":10,"digest":"${digest("1")}","mediaType":"${oci}.layer.v1.tar+gzip"},` +
      `{"mediaType":"${oci}.layer.v1.tar+zstd","digest":"${digest("5")}","size":5,"annotations":{"keep":"x"}}],` +
      `"schemaVersion":2,"config":{"mediaType":"application/x","size":33,"digest":"${config.digest}"},"mediaType":"${oci}.manifest.v1+json","other":1.50}`,
  );
});

test("a foreign layer that was changed is had from its own registry", () => {
  const foreign = {
    mediaType: `${docker}.image.rootfs.foreign.diff.tar.gzip`,
    digest: digest("1"),
    size: 1,
    urls: ["https://a.example"],
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: `${docker}.distribution.manifest.v2+json`,
    config: { mediaType: `${docker}.container.image.v1+json`, ...config },
    layers: [foreign, foreign],
  };
  assert.deepEqual(rewritten(manifest, { 0: { compression: "gzip", digest: digest("2"), size: 2 } }), {
    ...manifest,
    layers: [{ mediaType: `${docker}.image.rootfs.diff.tar.gzip`, digest: digest("2"), size: 2 }, foreign],
  });
});

test("a Docker manifest stays one; with a zstd layer, which it has no name for, it becomes OCI's", () => {
  const manifest = {
    schemaVersion: 2,
    mediaType: `${docker}.distribution.manifest.v2+json`,
    config: { mediaType: `${docker}.container.image.v1+json`, digest: digest("0"), size: 0 },
    layers: ["1", "2"].map((digit) => ({ mediaType: `${docker}.image.rootfs.diff.tar.gzip`, digest: digest(digit), size: 1 })),
  };
  assert.deepEqual(rewritten(manifest, { 0: { compression: "none", digest: digest("3"), size: 3 } }), {
    ...manifest,
    config: { ...manifest.config, ...config },
    layers: [{ mediaType: `${docker}.image.rootfs.diff.tar`, digest: digest("3"), size: 3 }, manifest.layers[1]],
  });
  assert.deepEqual(rewritten(manifest, { 0: { compression: "zstd", digest: digest("3"), size: 3 } }), {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: { mediaType: `${oci}.config.v1+json`, ...config },
    layers: [
      { mediaType: `${oci}.layer.v1.tar+zstd`, digest: digest("3"), size: 3 },
      { mediaType: `${oci}.layer.v1.tar+gzip`, digest: digest("2"), size: 1 },
    ],
  });
});

test("an image without a manifest gets one", () => {
  const bytes = createManifest(config, [
    { compression: "none", digest: digest("1"), size: 1 },
    { compression: "gzip", digest: digest("2"), size: 2 },
  ]);
  assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: { mediaType: `${oci}.config.v1+json`, ...config },
    layers: [
      { mediaType: `${oci}.layer.v1.tar`, digest: digest("1"), size: 1 },
      { mediaType: `${oci}.layer.v1.tar+gzip`, digest: digest("2"), size: 2 },
    ],
  });
  assert.equal(manifestType(bytes), `${oci}.manifest.v1+json`);
});

test("layers may become fewer, with the words that the manifest uses", () => {
  const layer = (digest: string): string =>
    `{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":1,"digest":"${digest}"}`;
  const head = `"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json"`;
  const own = `"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"sha256:c"}`;
  const manifest = Buffer.from(`{${head},${own},"layers":[${layer("sha256:a")},${layer("sha256:b")}],"extra":1}`);
  const blob = { digest: "sha256:n", size: 7, compression: "gzip" } as const;
  const arranged = arrangeManifest(manifest, { digest: "sha256:d", size: 2 }, [{ place: 1 }, { blob }]);
  const { layers, ...rest } = JSON.parse(Buffer.from(arranged).toString()) as { layers: readonly unknown[] };
  assert.deepEqual(layers, [
    JSON.parse(layer("sha256:b")),
    { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", digest: "sha256:n", size: 7 },
  ]);
  assert.deepEqual(Object.keys(rest), ["schemaVersion", "mediaType", "config", "extra"]);
  const zstd = arrangeManifest(manifest, { digest: "sha256:d", size: 2 }, [
    { place: 0 },
    { blob: { ...blob, compression: "zstd" } },
  ]);
  const types = [
    ...Buffer.from(zstd)
      .toString()
      .matchAll(/"mediaType":\s*"([^"]+)"/g),
  ].map(([, type]) => type);
  assert.ok(
    types.every((type) => type?.startsWith("application/vnd.oci.")),
    types.join(),
  );
});
