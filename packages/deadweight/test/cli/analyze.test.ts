import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { render, type AnalyzeOptions, type Report } from "../../src/index.ts";
import { commandLine, Recorder } from "../support/command-line.ts";
import { sampleReport } from "../support/sample-report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What `analyze` is called with for a command line. */
async function calledWith(
  argv: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ reference: string; options: Omit<AnalyzeOptions, "signal" | "onProgress" | "environment"> }> {
  const calls: Awaited<ReturnType<typeof calledWith>>[] = [];
  const { code, stderr } = await commandLine(argv, {
    environment,
    analyze: (reference, { signal: _signal, onProgress: _onProgress, environment: given, ...options }) => {
      assert.deepEqual(given, environment);
      calls.push({ reference, options });
      return Promise.resolve(sampleReport);
    },
  });
  assert.equal(code, 0, stderr);
  assert.equal(calls.length, 1);
  return calls[0] ?? assert.fail();
}

test("the flags become options", async () => {
  assert.deepEqual(await calledWith(["analyze", "x"]), { reference: "x", options: { cache: true, insecure: [] } });
  assert.deepEqual(await calledWith(["analyse", "x"]), { reference: "x", options: { cache: true, insecure: [] } });
  assert.deepEqual(
    await calledWith([
      "analyze",
      "x",
      "--platform",
      "linux/arm/v7",
      "--base",
      "debian:12",
      "--no-cache",
      "--only",
      "logs",
      "--only",
      "locales",
    ]),
    {
      reference: "x",
      options: {
        cache: false,
        insecure: [],
        platform: { os: "linux", architecture: "arm", variant: "v7" },
        base: "debian:12",
        only: ["logs", "locales"],
      },
    },
  );
  assert.deepEqual((await calledWith(["analyze", "--skip", "logs", "x"])).options, { cache: true, insecure: [], skip: ["logs"] });
});

test("hosts that may be insecure, or all", async () => {
  const insecure = async (...argv: string[]): Promise<unknown> => (await calledWith(["analyze", ...argv])).options.insecure;
  assert.deepEqual(await insecure("x", "--insecure", "a:5000", "--insecure=b"), ["a:5000", "b"]);
  assert.equal(await insecure("x", "--insecure"), true);
  assert.equal(await insecure("x", "--insecure", "a", "--insecure"), true);
  assert.equal(await insecure("x", "--insecure", "--insecure", "a"), true);
  assert.deepEqual(await insecure("--insecure=a", "x"), ["a"]);
});

test("the platform of the environment, the flag first", async () => {
  const environment = { DOCKER_DEFAULT_PLATFORM: "linux/arm64" };
  assert.deepEqual((await calledWith(["analyze", "x"], environment)).options.platform, { os: "linux", architecture: "arm64" });
  const flag = await calledWith(["analyze", "x", "--platform", "linux/amd64"], environment);
  assert.deepEqual(flag.options.platform, { os: "linux", architecture: "amd64" });
});

test("the result alone is on standard output, in each format", async () => {
  for (const format of ["table", "json", "markdown"]) {
    const { stdout, stderr } = await commandLine(["analyze", "x", "-f", format]);
    assert.equal(stdout, render(sampleReport, format));
    assert.equal(stderr, "");
  }
  const verbose = await commandLine(["analyze", "x", "-v"]);
  assert.equal(verbose.stdout, render(sampleReport, "table", { verbose: true }));
});

test("as wide as the terminal, and coloured only where that is allowed", async () => {
  const shown = async (stdout: Recorder, environment: Record<string, string>): Promise<string> => {
    await commandLine(["analyze", "x"], { stdout, environment });
    return stdout.text;
  };
  const plain = render(sampleReport, "table", { columns: 132 });
  const coloured = render(sampleReport, "table", { columns: 132, colour: true });
  assert.notEqual(plain, coloured);
  assert.equal(await shown(new Recorder(true, 132), {}), coloured);
  assert.equal(await shown(new Recorder(true, 132), { NO_COLOR: "1" }), plain);
  assert.equal(await shown(new Recorder(true, 132), { TERM: "dumb" }), plain);
  assert.equal(await shown(new Recorder(false, 132), {}), plain);
  assert.equal(await shown(new Recorder(false, 132), { FORCE_COLOR: "1" }), coloured);
  assert.equal(await shown(new Recorder(true, 132), { FORCE_COLOR: "0" }), plain);
  assert.equal(await shown(new Recorder(true, 0), { NO_COLOR: "1" }), render(sampleReport, "table", { columns: 80 }));
  assert.equal(
    await shown(new Recorder(true, 0), { NO_COLOR: "1", COLUMNS: "60" }),
    render(sampleReport, "table", { columns: 60 }),
  );
});

test("files beside the result, the format by name or by ending, and nothing else left in the folder", async () => {
  const folder = temporaryFolder();
  const paths = ["report.json", "summary.MD", "any.name", "a=b.json"].map((name) => join(folder, name));
  const [json = "", summary = "", named = "", odd = ""] = paths;
  const { code, stdout } = await commandLine([
    "analyze",
    "x",
    "-o",
    json,
    "--output",
    summary,
    "-o",
    `table=${named}`,
    "-o",
    odd,
  ]);
  assert.equal(code, 0);
  assert.equal(stdout, render(sampleReport, "table"));
  assert.deepEqual(JSON.parse(readFileSync(json, "utf8")), sampleReport);
  assert.equal(readFileSync(summary, "utf8"), render(sampleReport, "markdown"));
  assert.equal(readFileSync(named, "utf8"), render(sampleReport, "table", { columns: 120 }));
  assert.equal(readFileSync(odd, "utf8"), readFileSync(json, "utf8"));
  assert.deepEqual(readdirSync(folder).sort(), ["a=b.json", "any.name", "report.json", "summary.MD"]);
});

test("gates: exit 1, one line for each that fails, the result all the same", async () => {
  const argv = ["analyze", "x", "--budget", "compressed=1.5GB", "--budget", "uncompressed=4GB", "--fail-on", "build-tools"];
  const { code, stdout, stderr } = await commandLine(argv);
  assert.equal(code, 1);
  assert.equal(stdout, render(sampleReport, "table"));
  assert.equal(
    stderr,
    "gate failed: budget compressed: 2.00 GB is 500 MB over 1.50 GB\n" +
      "gate failed: rule build-tools: 150 MB, gcc-12 and 9 packages that only it needs\n",
  );
});

test("a gate's line can't break the terminal", async () => {
  const outcome = sampleReport.outcomes.find(({ rule }) => rule === "pip-cache");
  assert.ok(outcome);
  const findings = outcome.findings.map((finding) => ({ ...finding, message: "\u001b[2J\nall fine" }));
  const report: Report = { ...sampleReport, outcomes: [{ ...outcome, findings }] };
  const { stderr } = await commandLine(["analyze", "x", "--fail-on", "lossless"], { analyze: () => Promise.resolve(report) });
  assert.equal(stderr, "gate failed: safety lossless: 820 MB by pip-cache, \\x1b[2J\\nall fine\n");
});

test("progress goes to standard error, and --quiet silences it", async () => {
  const run = (...argv: string[]): ReturnType<typeof commandLine> =>
    commandLine(["analyze", "x", ...argv], {
      analyze: (_, { onProgress }) => {
        onProgress?.({ kind: "note", text: "x: from docker" });
        return Promise.resolve(sampleReport);
      },
    });
  assert.equal((await run()).stderr, "x: from docker\n");
  assert.equal((await run("--progress", "json")).stderr, '{"kind":"note","text":"x: from docker"}\n');
  for (const quiet of [["-q"], ["--progress", "quiet"], ["--progress", "plain", "-q"]]) {
    const { stdout, stderr } = await run(...quiet);
    assert.equal(stderr, "");
    assert.equal(stdout, render(sampleReport, "table"));
  }
});
