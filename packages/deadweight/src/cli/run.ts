import { printable } from "../lib/printable.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { UserError } from "../lib/user-error.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

/** Exit codes of processes that a signal ended: 128 and its number. */
const signalCodes: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** A bug in this program. */
const bugCode = 70;

/** Runs the command line and gives its exit code; all that it says went to the session's streams. Throws nothing. */
export async function run(session: Session, load: () => Promise<Toolkit> = () => import("../index.ts")): Promise<number> {
  try {
    // The quick answer, with nothing loaded.
    if (session.argv.length === 1 && /^(?:-V|--version)$/.test(session.argv[0] ?? "")) {
      await write(session.stdout, `${toolVersion()}\n`);
      return 0;
    }
    return await chooseAndWork(session, load);
  } catch (error) {
    return tellFailure(error, session);
  }
}

async function chooseAndWork(session: Session, load: () => Promise<Toolkit>): Promise<number> {
  const [{ CommanderError }, { createProgram }, toolkit] = await Promise.all([
    import("commander"),
    import("./program.ts"),
    load(),
  ]);
  let chosen: Work | undefined;
  const program = createProgram(session, toolkit, (work) => {
    chosen = work;
  });
  try {
    program.parse(session.argv, { from: "user" });
  } catch (error) {
    // Commander has printed it, and says 1 where the convention is 2.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return chosen === undefined ? 2 : await chosen();
}

function tellFailure(error: unknown, { stderr, signal, environment }: Session): number {
  const say = (text: string): void => void stderr.write(`${printable(text)}\n`);
  const hasDebug = Boolean(environment["DEADWEIGHT_DEBUG"]);
  if (signal.aborted) {
    const name = String(signal.reason);
    say(`stopped by ${name}`);
    return signalCodes[name] ?? signalCodes["SIGINT"] ?? 130;
  }
  if (error instanceof UserError) {
    say(`error: ${error.message}`);
    for (const line of error.details) say(`  ${line}`);
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
  } else {
    say(`error: a bug in deadweight: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    say(
      "please report it with this line, what you typed and what `deadweight doctor` prints; DEADWEIGHT_DEBUG=1 shows where it is",
    );
  }
  if (hasDebug) for (const line of stackLines(error)) say(line);
  return error instanceof UserError ? error.exitCode : bugCode;
}

/** The stack with those of the causes. */
function stackLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error && lines.length < 200; at = at.cause)
    lines.push(...(at.stack ?? at.message).split("\n"));
  return lines;
}
