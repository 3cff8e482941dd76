import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseManifest } from "../../src/image/manifest.ts";
import { UserError } from "../../src/lib/user-error.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest("c"), size: 10 };
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digest("1"), size: 20 };
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.code === code && pattern.test(error.message);

test("a manifest: config, layers, annotations", () => {
  const value = { schemaVersion: 2, mediaType: manifestType, config, layers: [layer], annotations: { a: "b", n: 5 } };
  assert.deepEqual(parseManifest(bytes(value), manifestType), {
    kind: "manifest",
    config,
    layers: [layer],
    annotations: { a: "b", n: "5" },
  });
  for (const layers of [undefined, null, []]) {
    assert.deepEqual(parseManifest(bytes({ schemaVersion: 2, config, layers }), undefined), {
      kind: "manifest",
      config,
      layers: [],
      annotations: {},
    });
  }
});

test("an index: descriptors with their platforms, what is no platform is unknown", () => {
  const platforms: readonly [unknown, unknown][] = [
    [
      { os: "linux", architecture: "arm64", variant: "v8" },
      { os: "linux", architecture: "arm64", variant: "v8" },
    ],
    [
      { os: "linux", architecture: "amd64", "os.version": "1", variant: null },
      { os: "linux", architecture: "amd64" },
    ],
    [null, undefined],
    [undefined, undefined],
    [{}, { os: "unknown", architecture: "unknown" }],
    ["linux/amd64", { os: "unknown", architecture: "unknown" }],
    [
      { os: 5, architecture: ["amd64"] },
      { os: "unknown", architecture: "unknown" },
    ],
  ];
  for (const [platform, expected] of platforms) {
    const parsed = parseManifest(bytes({ schemaVersion: 2, manifests: [{ ...layer, platform }] }), indexType);
    assert.ok(parsed.kind === "index");
    assert.deepEqual(parsed.manifests[0]?.platform, expected, JSON.stringify(platform));
  }
});

test("where a foreign layer lies is kept, so that a store can refuse it", () => {
  const urlsOf = (urls: unknown): unknown => {
    const parsed = parseManifest(bytes({ schemaVersion: 2, config, layers: [{ ...layer, urls }] }), undefined);
    return parsed.kind === "manifest" ? parsed.layers[0]?.urls : "an index";
  };
  assert.deepEqual(urlsOf(["http://10.0.0.1/x"]), ["http://10.0.0.1/x"]);
  assert.deepEqual(urlsOf("http://10.0.0.1/x"), ["http://10.0.0.1/x"]);
  for (const none of [undefined, null, [], {}, 5]) assert.equal(urlsOf(none), undefined);
});

test("what could be taken for both, or for neither, is refused", () => {
  const cases: readonly [unknown, RegExp][] = [
    [{ schemaVersion: 2, manifests: [], layers: [layer] }, /both manifests and layers/],
    [{ schemaVersion: 2, manifests: [], config }, /both/],
    [{ schemaVersion: 2, manifests: {}, config, layers: [layer] }, /both/],
    [{ schemaVersion: 2 }, /neither/],
    [{ schemaVersion: 2, manifests: null }, /neither/],
    [{ schemaVersion: 2, manifests: { a: 1 } }, /no list/],
    [{ schemaVersion: 2, layers: [layer] }, /digest is undefined/],
    [{ schemaVersion: 2, config, layers: { 0: layer } }, /no list/],
    [[], /no JSON object/],
    [null, /no JSON object/],
    ['"text"', /no JSON object/],
    ["", /no valid JSON/],
    ["{", /no valid JSON/],
    ["[".repeat(100), /nested deeper than 64/],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString("latin1"), /no valid JSON|neither/],
  ];
  for (const [value, pattern] of cases) {
    assert.throws(() => parseManifest(bytes(value), undefined), refused("unreadable", pattern), JSON.stringify(value));
  }
});

test("what it is called and what it is must be the same", () => {
  const manifest = bytes({ schemaVersion: 2, config, layers: [layer] });
  const index = bytes({ schemaVersion: 2, manifests: [] });
  const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
  const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
  for (const type of [indexType, dockerList])
    assert.throws(() => parseManifest(manifest, type), refused("unreadable", /called .* and is a manifest/));
  for (const type of [manifestType, dockerManifest])
    assert.throws(() => parseManifest(index, type), refused("unreadable", /and is an index/));
  assert.throws(
    () => parseManifest(bytes({ schemaVersion: 2, mediaType: indexType, config, layers: [] }), manifestType),
    refused("unreadable", /called application.vnd.oci.image.index/),
  );
  for (const type of [manifestType, dockerManifest, undefined, "application/json"])
    assert.equal(parseManifest(manifest, type).kind, "manifest");
});

test("Docker's schema 1 is refused, with what to do", () => {
  const cases: readonly [unknown, string | undefined][] = [
    [{ schemaVersion: 1, fsLayers: [], history: [] }, undefined],
    [{ name: "x", fsLayers: [] }, "application/vnd.docker.distribution.manifest.v1+prettyjws"],
    [{ mediaType: "application/vnd.docker.distribution.manifest.v1+json" }, undefined],
  ];
  for (const [value, type] of cases) {
    assert.throws(
      () => parseManifest(bytes(value), type),
      (error) => refused("unsupported", /schema 1/)(error) && (error as UserError).hint !== undefined,
    );
  }
});

test("digests that are paths or other algorithms, and sizes that are none, are refused", () => {
  const digests = [
    "sha256:../../../../etc/passwd",
    "sha256:",
    `sha256:${"A".repeat(64)}`,
    `md5:${"a".repeat(32)}`,
    digest("1").slice(0, -1),
    `${digest("1")}\n`,
    5,
    null,
    ["x"],
  ];
  for (const bad of digests) {
    const value = { schemaVersion: 2, config, layers: [{ ...layer, digest: bad }] };
    assert.throws(() => parseManifest(bytes(value), undefined), refused("unreadable", /digest is/), JSON.stringify(bad));
  }
  for (const bad of [-1, 1.5, "20", null, 2 ** 53, undefined]) {
    const value = { schemaVersion: 2, config, layers: [{ ...layer, size: bad }] };
    assert.throws(() => parseManifest(bytes(value), undefined), refused("unreadable", /size is/), String(bad));
  }
  const sha512 = `sha512:${"a".repeat(128)}`;
  const parsed = parseManifest(bytes({ schemaVersion: 2, config: { ...config, digest: sha512 } }), undefined);
  assert.ok(parsed.kind === "manifest" && parsed.config.digest === sha512);
});

test("any JSON gives a manifest, an index or a UserError, and changes no prototype", () => {
  const hostile = fc.jsonValue({ maxDepth: 3 });
  const field = fc.oneof(
    hostile,
    fc.constantFrom(
      layer,
      [layer],
      [config],
      { toString: 1, valueOf: 1 },
      JSON.parse('{"__proto__": {"polluted": 1}}') as object,
    ),
  );
  const fields = { mediaType: field, platform: field, annotations: field, urls: field };
  const descriptor = fc.record(fields, { requiredKeys: [] }).map((rest) => ({ ...layer, ...rest }));
  const value = fc.record(
    {
      schemaVersion: fc.constantFrom(2, 1, "2"),
      mediaType: field,
      config: fc.oneof(field, fc.constant(config)),
      layers: field,
      manifests: fc.oneof(field, fc.array(descriptor)),
      annotations: field,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(value, (value) => {
      try {
        const parsed = parseManifest(bytes(value), undefined);
        assert.ok(parsed.kind === "index" || Object.values(parsed.annotations).every((text) => typeof text === "string"));
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    }),
    { numRuns: 3000, seed: 1 },
  );
});
