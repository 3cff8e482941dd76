import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Optimization, Verification } from "../../src/index.ts";
import { docker } from "../support/engine.ts";
import { buildFastapi, buildQuiet, port, sampleBytes } from "../support/e2e-fastapi.ts";
import { ownName } from "../support/engine-names.ts";
import { isInstalled } from "../support/registry.ts";
import { takeTurn } from "../support/take-turn.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { withoutEngine } from "../support/tools.ts";

/** Why these tests can't run on this machine, or false. */
function missing(): string | false {
  if (!isInstalled("debootstrap")) return "debootstrap: not on this machine";
  return process.getuid?.() === 0 ? withoutEngine() : "debootstrap: needs root";
}

const folder = temporaryFolder();
const [changes, config] = [join(folder, "changes.json"), join(folder, "deadweight.yaml")];
/** The engine of these tests may have no bridge; the service listens on the loopback alone. */
const configuration = `
services:
  api:
    network: host
    port: ${port}
    startTimeout: 60s
    ready: { path: /health, json: { $.status: ok } }
    probes:
      - { name: schema, http: { path: /openapi.json } }
      - name: transcribe
        http: { method: POST, path: /v1/transcribe, json: { text: three short words } }
        compare: { ignore: [$.id, $.took, "$.segments[*].id"], headers: [content-type] }
      - { name: refused, http: { method: POST, path: /v1/transcribe, json: {} } }
      - { name: speak, http: { path: /v1/speak }, compare: { tolerance: 0.02 } }
      - { name: no voice, http: { path: /v1/speak?voice=high } }
`;

/** Runs the program as a user does; gives what it printed as JSON. */
function deadweight(code: number, ...args: readonly string[]): unknown {
  const environment = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
  const program = join(import.meta.dirname, "../../src/bin.ts");
  const options = { env: environment, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, "-f", "json", "-q"], options);
  assert.equal(status, code, `${args.join(" ")}\n${stdout.slice(0, 4000)}\n${stderr}`);
  return JSON.parse(stdout);
}

describe("a service of FastAPI", { skip: missing() }, () => {
  const small = ownName("fastapi-small");
  const images: string[] = [small];
  let [original, quiet] = ["", ""];
  before(async () => {
    original = await buildFastapi();
    quiet = await buildQuiet(original);
    images.push(original, quiet);
  });
  after(() => docker("image", "rm", "--force", ...images));

  test("is optimised, and answers recorded requests as before; a quieter voice is found", async (t) => {
    const output = ["-o", `docker:${small}`, "--changes", changes, "--level", "verified"];
    const { before: old, after: now } = deadweight(0, "optimize", `docker:${original}`, ...output) as Optimization;
    const saved = old.tarBytes - (now?.tarBytes ?? old.tarBytes);
    t.diagnostic(`${saved} of ${old.tarBytes} bytes`);
    // Its samples, stored twice, and apt's lists.
    assert.ok(saved > 2 * sampleBytes + 10_000_000, `${saved} bytes less`);

    writeFileSync(config, configuration);
    const release = await takeTurn("containers");
    t.after(release);
    const same = deadweight(
      0,
      "verify",
      original,
      small,
      "--changes",
      changes,
      "--config",
      config,
      "--skip",
      "latency",
      "--skip",
      "start-up",
      "--skip",
      "memory",
    ) as Verification;
    assert.equal(same.passed, true);
    const asked = same.verdicts.filter(({ check }) => check === "http" || check === "health" || check === "python-imports");
    assert.deepEqual(
      asked.map(({ check, subject, verdict }) => [check, subject, verdict].filter(Boolean).join(" ")),
      [
        "health same",
        "http schema same",
        "http transcribe same",
        "http refused same",
        "http speak same",
        "http no voice same",
        "python-imports same",
      ],
    );
    assert.ok(readFileSync(changes, "utf8").includes("drop-shadowed"));

    const other = deadweight(
      1,
      "verify",
      original,
      quiet,
      "--config",
      config,
      "--only",
      "http",
      "--only",
      "start",
    ) as Verification;
    const found = other.verdicts.filter(({ verdict }) => verdict === "different");
    assert.deepEqual(
      found.map(({ check, subject }) => `${check} ${subject}`),
      ["http speak"],
    );
    assert.match(found[0]?.details?.[0] ?? "", /^level: was 0\.21\d\d, is 0\.10\d\d$/);
  });
});
