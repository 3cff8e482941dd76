import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImageSettings, imageSettings } from "../../../src/pipeline/observe/image-settings.ts";
import { imageOf } from "../../support/side-by-side.ts";

const of = (settings: Readonly<Record<string, unknown>>): ImageSettings => imageSettings(imageOf([], settings).image);

test("the health check is run as the engine would", () => {
  const check = (test: unknown): unknown => of({ Healthcheck: { Test: test } }).healthCheck;
  assert.deepEqual(check(["CMD", "curl", "-f", "x"]), ["curl", "-f", "x"]);
  assert.deepEqual(check(["CMD-SHELL", "curl x || exit 1"]), ["/bin/sh", "-c", "curl x || exit 1"]);
  assert.deepEqual([check(["NONE"]), check([]), check("x"), of({}).healthCheck], [undefined, undefined, undefined, undefined]);
  assert.equal(of({ Healthcheck: { Test: ["CMD", "x"], Timeout: 3e9 } }).healthTimeoutMs, 3000);
  assert.equal(of({}).healthTimeoutMs, 30_000);
});

test("ports, stop signal, and what is not run", () => {
  assert.deepEqual(of({ ExposedPorts: { "80/tcp": {}, "53/udp": {}, "81": {}, x: {} } }).ports, [81, 80]);
  assert.deepEqual(
    ["SIGINT", "2", "x; rm", undefined].map((signal) => of({ StopSignal: signal }).stopSignal),
    ["SIGINT", "2", "SIGTERM", "SIGTERM"],
  );
  assert.equal(of({ WorkingDir: "/proc/self/fd/8" }).danger, "its working folder is /proc/self/fd/8");
  assert.equal(of({ WorkingDir: "/process" }).danger, undefined);
});
