import { Command } from "commander";
import { printable } from "../lib/printable.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { addAnalyze } from "./analyze.ts";
import { addBuild } from "./build.ts";
import { addCompare } from "./compare.ts";
import { addDoctor } from "./doctor.ts";
import { addExplain } from "./explain.ts";
import { addInit } from "./init.ts";
import { addGpus } from "./gpus.ts";
import { addOptimize } from "./optimize.ts";
import { addPromote } from "./promote.ts";
import { addReport } from "./report.ts";
import { addRewrite } from "./rewrite.ts";
import { addRestore } from "./restore.ts";
import type { Session, Toolkit, Work } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";
import { addValidate } from "./validate.ts";
import { addVerify } from "./verify.ts";

/** The whole command line. Parsing tells `choose` what to do, does nothing itself, and throws CommanderError for wrong usage. */
export function createProgram(session: Session, toolkit: Toolkit, choose: (work: Work) => void): Command {
  const { stdout, stderr, environment } = session;
  // Settings go to the commands that are added after them.
  const program = new Command("deadweight")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text.split("\n").map(printable).join("\n")),
      getOutHelpWidth: () => terminalWidth(stdout, environment),
      getErrHelpWidth: () => terminalWidth(stderr, environment),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(--help after a command lists what it takes)")
    .description("Weigh a container image to the last byte, learn what of it is dead weight, and drop it.")
    .version(toolVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this, or the help of a command")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", examples);
  addAnalyze(program, session, toolkit, choose);
  addOptimize(program, session, toolkit, choose);
  addBuild(program, session, toolkit, choose);
  addPromote(program, session, toolkit, choose);
  addRestore(program, session, toolkit, choose);
  addRewrite(program, session, toolkit, choose);
  addInit(program, session, toolkit, choose);
  addVerify(program, session, toolkit, choose);
  addCompare(program, session, toolkit, choose);
  addReport(program, session, toolkit, choose);
  addValidate(program, session, toolkit, choose);
  addExplain(program, session, toolkit, choose);
  addGpus(program, session, toolkit, choose);
  addDoctor(program, session, toolkit, choose);
  return program;
}

const examples = `
Examples:
  deadweight analyze pytorch/pytorch:latest
  deadweight analyze docker-archive:image.tar -o json=report.json
  deadweight optimize my-service -o docker:my-service:small
  deadweight verify my-service my-service:small --changes changes.json
  deadweight rewrite Dockerfile --image my-service
  deadweight explain pip-cache

Exit codes: 0 fine, 1 a gate failed, 2 usage, 3 could not look, 70 a bug.`;
