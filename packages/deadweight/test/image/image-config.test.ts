import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseImageConfig } from "../../src/image/image-config.ts";
import { UserError } from "../../src/lib/user-error.ts";

const diffId = `sha256:${"d".repeat(64)}`;
const parse = (value: unknown): ReturnType<typeof parseImageConfig> => parseImageConfig(Buffer.from(JSON.stringify(value)));
const empty = {
  platform: { os: "linux", architecture: "unknown" },
  diffIds: [],
  history: [],
  environment: [],
  entrypoint: [],
  command: [],
  user: "",
  workingDirectory: "",
  labels: {},
};

test("every field that is read", () => {
  const value = {
    os: "linux",
    architecture: "arm64",
    variant: "v8",
    created: "2026-01-01T00:00:00Z",
    config: {
      Env: ["PATH=/bin", "ODD"],
      Entrypoint: ["/init"],
      Cmd: ["run", ""],
      User: "1000:1000",
      WorkingDir: "/app",
      Labels: { a: "b", __proto__: "c" },
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [
      { created: "2026-01-01T00:00:00Z", created_by: "RUN x", comment: "buildkit", author: "me" },
      { created_by: "ENV y", empty_layer: true },
    ],
  };
  assert.deepEqual(parse(value), {
    platform: { os: "linux", architecture: "arm64", variant: "v8" },
    created: "2026-01-01T00:00:00Z",
    diffIds: [diffId],
    history: [
      { created: "2026-01-01T00:00:00Z", createdBy: "RUN x", comment: "buildkit", author: "me", emptyLayer: false },
      { createdBy: "ENV y", emptyLayer: true },
    ],
    environment: ["PATH=/bin", "ODD"],
    entrypoint: ["/init"],
    command: ["run", ""],
    user: "1000:1000",
    workingDirectory: "/app",
    labels: { a: "b" },
  });
});

test("nulls, and what is of another type, are taken as empty or as they stand", () => {
  assert.deepEqual(parse({}), empty);
  const nulls = { os: null, architecture: null, variant: null, created: null, config: null, rootfs: null, history: null };
  assert.deepEqual(parse(nulls), empty);
  const nested = { Env: null, Entrypoint: null, Cmd: null, User: null, WorkingDir: null, Labels: null };
  assert.deepEqual(parse({ config: nested, rootfs: { diff_ids: null } }), empty);
  const odd = parse({
    os: 5,
    variant: "",
    created: 7,
    config: {
      Env: "A=b",
      Entrypoint: "run me",
      Cmd: ["a", 5, null],
      User: 1000,
      WorkingDir: {},
      Labels: { n: 5, o: { p: 1 }, z: null },
    },
    history: [null, "RUN", { empty_layer: "yes", created_by: 5 }],
  });
  assert.deepEqual(odd, {
    ...empty,
    environment: ["A=b"],
    entrypoint: ["run me"],
    command: ["a"],
    labels: { n: "5", o: '{"p":1}', z: "null" },
    history: [{ emptyLayer: false }, { emptyLayer: false }, { emptyLayer: false }],
  });
});

test("diffIds that are no digests, and what is no JSON, are refused", () => {
  for (const bad of ["sha256:x", "../../etc", 5, null, {}, `${diffId} `, `sha256:${"D".repeat(64)}`]) {
    assert.throws(
      () => parse({ rootfs: { diff_ids: [diffId, bad] } }),
      (error) => error instanceof UserError && error.code === "unreadable" && error.message.includes("diff_ids"),
    );
  }
  for (const bad of ["", "{", '{"a":', "\xff", "[".repeat(65)]) {
    assert.throws(
      () => parseImageConfig(Buffer.from(bad, "latin1")),
      (error) => error instanceof UserError && error.code === "unreadable" && error.message.startsWith("image config: "),
    );
  }
});

test("any JSON gives a config or a UserError, and changes no prototype", () => {
  const field = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      { toString: 1, valueOf: 1 },
      { a: { toString: null } },
      JSON.parse('{"__proto__": {"polluted": 1}, "x": {"__proto__": 5}}') as object,
    ),
  );
  const settings = fc.record(
    { Env: field, Entrypoint: field, Cmd: field, User: field, WorkingDir: field, Labels: field },
    { requiredKeys: [] },
  );
  const value = fc.record(
    {
      os: field,
      architecture: field,
      variant: field,
      created: field,
      config: fc.oneof(field, settings),
      rootfs: fc.record({ diff_ids: field }),
      history: field,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(value, (value) => {
      try {
        const config = parse(value);
        const texts = [
          ...config.environment,
          ...config.entrypoint,
          ...config.command,
          ...Object.values(config.labels),
          config.user,
        ];
        assert.ok(texts.every((text) => typeof text === "string"));
        assert.ok(JSON.stringify(config).length > 0);
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    }),
    { numRuns: 3000, seed: 2 },
  );
});
