import { setFlagsFromString } from "node:v8";
import { createInterrupt } from "./cli/interrupt.ts";
import { keepCompiled } from "./cli/keep-compiled.ts";
import { run } from "./cli/run.ts";

// V8 lets its heaps grow to what a large machine can spare: 100 MB more for a few percent of time.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--heap-growing-percent=25");
keepCompiled(process.env);

const now = (): number => performance.now();
const stop = new AbortController();
const answer = createInterrupt(now);
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    const decision = answer();
    if (decision === "abort") stop.abort(name);
    if (decision !== "exit") return;
    // Live rows may have hidden it.
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
    process.exit(signals[name]);
  });
}

// Who writes is told of errors as well; a reader that has gone away is none.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

void run({
  argv: process.argv.slice(2),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  now,
  node: { version: process.version, path: process.execPath },
}).then((code) => process.exit(code));
