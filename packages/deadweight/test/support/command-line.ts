import { run } from "../../src/cli/run.ts";
import type { Output, Toolkit } from "../../src/cli/session.ts";
import * as deadweight from "../../src/index.ts";
import { sampleReport } from "./sample-report.ts";

/** A stream that keeps what is written to it. */
export class Recorder implements Output {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows = 24;

  constructor(isTTY = false, columns = 80) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  readonly write = (text: string, done?: (error?: Error | null) => void): void => {
    this.text += text;
    done?.();
  };
}

export interface CommandLineOptions {
  readonly analyze?: Toolkit["analyze"];
  readonly toolkit?: Partial<Toolkit>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: Output;
  readonly stderr?: Output;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** Runs the command line in this process. Unless told otherwise, what is analysed gives the report made by hand. */
export async function commandLine(
  argv: readonly string[],
  options: CommandLineOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = new Recorder();
  const err = new Recorder();
  const analyze = options.analyze ?? (() => Promise.resolve(sampleReport));
  const session = {
    argv,
    environment: options.environment ?? {},
    stdout: options.stdout ?? out,
    stderr: options.stderr ?? err,
    signal: options.signal ?? new AbortController().signal,
    now: options.now ?? (() => 0),
    node: { version: "v24.21.0", path: "/opt/node" },
  };
  const code = await run(session, () => Promise.resolve({ ...deadweight, ...options.toolkit, analyze }));
  return { code, stdout: out.text, stderr: err.text };
}
