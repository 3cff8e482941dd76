import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildOutcome, BuildOptions } from "../../src/index.ts";
import { buildOutcomeSchema } from "../../src/model/build-outcome-schema.ts";
import { commandLine } from "../support/command-line.ts";
import { sampleBuild } from "../support/sample-build.ts";

/** What `build` prints, and the options that it was called with. */
async function called(
  outcome: BuildOutcome,
  ...argv: string[]
): Promise<Awaited<ReturnType<typeof commandLine>> & { readonly calls: readonly unknown[] }> {
  const calls: [string | undefined, BuildOptions][] = [];
  const result = await commandLine(["build", ...argv], {
    environment: { FROM_OUTSIDE: "outside" },
    toolkit: {
      build: (context, options) => {
        calls.push([context, options]);
        return Promise.resolve({ outcome, record: "/x/.deadweight/Dockerfile.json" });
      },
    },
  });
  return { ...result, calls };
}

test("flags become settings of the build and of the verification", async () => {
  const flags =
    "ctx -f D --builder legacy --network host --build-arg A=b=c --build-arg FROM_OUTSIDE --build-arg UNSET --target t --label l --fresh -t a:1 --max-builds 3 --static --expect x/** --require gpu --service s --engine podman";
  const { calls, code, stderr } = await called(sampleBuild, ...flags.split(" "));
  assert.equal(code, 0, stderr);
  const [[context, options] = []] = calls as readonly [string, BuildOptions][];
  assert.equal(context, "ctx");
  assert.deepEqual(options?.settings, {
    builder: "legacy",
    network: "host",
    args: { A: "b=c", FROM_OUTSIDE: "outside" },
    labels: { l: "" },
    target: "t",
    freshly: true,
  });
  const { file, tag, mostBuilds, isStatic, expect, require, service, engine } = options ?? assert.fail();
  assert.deepEqual(
    [file, tag, mostBuilds, isStatic, expect, require, service, engine],
    ["D", "a:1", 3, true, ["x/**"], ["gpu"], "s", "podman"],
  );
});

test("edits are those of rewrite, all that can be verified by default; with a Dockerfile of one's own there are none", async () => {
  const proposing: unknown[] = [];
  const asked = async (...argv: string[]): Promise<unknown> => {
    const { code, stderr } = await commandLine(["build", ...argv], {
      toolkit: {
        proposeEdits: ({ environment: _environment, signal: _signal, onProgress: _onProgress, ...options }) => {
          proposing.push(options);
          return () => Promise.reject(new Error("not asked"));
        },
        build: (_, { propose }) =>
          Promise.resolve({ outcome: { ...sampleBuild, edits: propose === undefined ? [] : sampleBuild.edits }, record: "" }),
      },
    });
    assert.equal(code, 0, stderr);
    return proposing.pop();
  };
  assert.deepEqual(await asked(), { insecure: [], level: "verified", withoutGpu: false });
  const flags = "--level lossless --fix pip-no-cache --skip uv-no-cache --cpu";
  assert.deepEqual(await asked(...flags.split(" ")), {
    insecure: [],
    level: "lossless",
    only: ["pip-no-cache"],
    skip: ["uv-no-cache"],
    withoutGpu: true,
  });
  assert.equal(await asked("--no-edits"), undefined);
  assert.equal(await asked("--candidate", "x"), undefined);
  assert.equal((await commandLine(["build", "--fix", "pip-cash"])).code, 2);
});

test("the table names both sizes, the edits with what became of them, and the verdict", async () => {
  const { stdout, stderr } = await called(sampleBuild);
  for (const part of [
    "Original   200 MB",
    "Candidate  150 MB",
    "pip-cache",
    "dropped: it can't be built",
    "RUN make",
    "cached",
    "Passed: 1 same",
  ])
    assert.ok(stdout.includes(part), `${part}\n${stdout}`);
  assert.match(stdout, /The candidate has 50\.0 MB less \(25%\)\s+with 1 edit, 49\.0 MB were\s+predicted\./);
  assert.match(stderr, /written: \/x\/\.deadweight\/Dockerfile\.json/);
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
});

test("json is what the schema says, and markdown holds no markup of the Dockerfile", async () => {
  const { stdout } = await called(sampleBuild, "--format", "json");
  assert.deepEqual(buildOutcomeSchema.parse(JSON.parse(stdout)), sampleBuild);
  const hostile = {
    ...sampleBuild,
    edits: sampleBuild.edits.map((edit) => ({ ...edit, message: "<b>|\u001b[31m", reason: "|x|" })),
  };
  const page = (await called(hostile, "--format", "markdown")).stdout;
  assert.ok(!page.includes("<b>") && !page.includes("\u001b") && page.includes("&#124;x&#124;"), page);
});

test("exit codes: nothing that works is no success", async () => {
  const { candidate: _, ...none } = sampleBuild;
  assert.equal((await called(sampleBuild)).code, 0);
  assert.equal((await called({ ...none, passed: false })).code, 1);
  assert.equal((await called({ ...none, passed: false, edits: [] })).code, 0);
  assert.equal((await called({ ...none, passed: false, edits: [], failure: "it differs" })).code, 1);
  assert.equal((await called(sampleBuild, "--max-builds", "none")).code, 2);
  assert.equal((await called(sampleBuild, "--build-arg", "=x")).code, 2);
});
