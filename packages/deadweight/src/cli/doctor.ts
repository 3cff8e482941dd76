import type { Command } from "commander";
import { printBytes } from "../lib/byte-size.ts";
import { printable } from "../lib/printable.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

/** Adds `doctor`, which says what was found on this machine. */
export function addDoctor(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  program
    .command("doctor")
    .summary("what was found here: Node, engines, cache, space, logins")
    .description("Says what deadweight finds on this machine. Prints no secrets: of logins only which files there are.")
    .action(() => choose(() => doctor(session, toolkit)));
}

async function doctor({ stdout, environment, signal, node }: Session, { examineMachine }: Toolkit): Promise<number> {
  const { engines, cache, temporary, loginFiles } = await examineMachine({ environment, signal });
  const rows: readonly (readonly [string, string])[] = [
    ["deadweight", toolVersion()],
    ["node", `${node.version}, ${node.path}`],
    ...engines.map(({ program, state }): readonly [string, string] => [program, state]),
    ["cache", `${cache.folder}, ${cache.bytes === undefined ? "empty" : printBytes(cache.bytes)}`],
    [
      "temporary",
      `${temporary.folder}, ${temporary.freeBytes === undefined ? "not there" : `${printBytes(temporary.freeBytes)} free`}`,
    ],
    ...(loginFiles.length === 0 ? ["none: public images only"] : loginFiles).map((path, index): readonly [string, string] => [
      index === 0 ? "logins" : "",
      path,
    ]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  await write(stdout, rows.map(([label, text]) => `${label.padEnd(width)}${printable(text)}\n`).join(""));
  return 0;
}
