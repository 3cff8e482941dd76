import type { Command } from "commander";
import type { PromoteOptions, Promotion } from "../index.ts";
import { printable, printableJson } from "../lib/printable.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

interface Flags {
  readonly dockerfile?: string;
  readonly config?: string;
  readonly commit?: boolean;
  readonly tag?: boolean;
  readonly format: "table" | "json";
}

type Verb = (flags: Flags, service: string | undefined, session: Session, toolkit: Toolkit) => Promise<readonly string[]>;

/** Adds `promote` and `rollback`, which put a verified Dockerfile in place and take it back. */
export function addPromote(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const promoteCommand = program
    .command("promote")
    .summary("put the verified Dockerfile and its image in the place of the old ones")
    .description(
      "Puts what `build` has verified in place: the Dockerfile, whose old one is kept as Dockerfile.old, and the name of the image. Only exactly what was verified.",
    )
    .option("--commit", "make a git commit of it, and keep no Dockerfile.old")
    .option("--no-tag", "leave the name of the image where it is");
  const rollbackCommand = program
    .command("rollback")
    .summary("undo the last promote")
    .description("Puts the old Dockerfile and what the image's name meant back, also after a promote that was stopped half-way.");
  addVerb(promoteCommand, promote, { session, toolkit, choose });
  addVerb(rollbackCommand, rollback, { session, toolkit, choose });
}

function addVerb(
  command: Command,
  verb: Verb,
  { session, toolkit, choose }: { readonly session: Session; readonly toolkit: Toolkit; readonly choose: (work: Work) => void },
): void {
  const name = command.name();
  command
    .argument("[service]", "of deadweight.yaml; not needed where it has only one")
    .option("--config <file>", "the configuration; deadweight.yaml when absent")
    .option("--dockerfile <file>", "a Dockerfile that was built without a configuration, in the place of a service")
    .option("--json", "print what was done as json")
    .addHelpText(
      "after",
      `
Examples:
  deadweight ${name} api
  deadweight ${name} --dockerfile Dockerfile${name === "promote" ? "\n  deadweight promote api --commit" : ""}

Exit codes: 0 fine, 1 not verified, or changed since; 2 usage, 3 could not look or write, 70 a bug.`,
    )
    .action((service: string | undefined, flags: Flags & { readonly json?: boolean }) =>
      choose(async () => {
        const lines = await verb({ ...flags, format: flags.json === true ? "json" : "table" }, service, session, toolkit);
        await write(session.stdout, lines.map((line) => `${line}\n`).join(""));
        return 0;
      }),
    );
}

const promote: Verb = async (flags, service, session, toolkit) => {
  const options = { ...optionsOf(flags, service, session), commit: flags.commit === true, moveTag: flags.tag !== false };
  const promotion = await toolkit.promote(options);
  if (flags.format === "json") return [printableJson(JSON.stringify(promotion, undefined, 2))];
  const { dockerfile, image } = promotion;
  const kept = image?.keptAs === undefined ? "" : `; what it was is ${image.keptAs}`;
  return [
    `${dockerfile.path}: is the verified one now; the old one is ${dockerfile.isCommitted ? "in git" : dockerfile.old}`,
    ...(image === undefined ? [] : [`${image.name}: is ${image.imageId.slice(0, 19)} now${kept}`]),
    `undo it with: deadweight rollback ${service ?? (flags.dockerfile === undefined ? "" : `--dockerfile ${flags.dockerfile}`)}`.trimEnd(),
  ].map(printable);
};

const rollback: Verb = async (flags, service, session, toolkit) => {
  const promotion: Promotion = await toolkit.rollback(optionsOf(flags, service, session));
  if (flags.format === "json") return [printableJson(JSON.stringify(promotion, undefined, 2))];
  const { dockerfile, image } = promotion;
  const meaning = image?.previousId === undefined ? "is taken away again" : `is ${image.previousId.slice(0, 19)} again`;
  return [`${dockerfile.path}: is the old one again`, ...(image === undefined ? [] : [`${image.name}: ${meaning}`])].map(
    printable,
  );
};

function optionsOf(
  { dockerfile, config }: Flags,
  service: string | undefined,
  { environment, signal }: Session,
): Omit<PromoteOptions, "commit" | "moveTag"> {
  return {
    environment,
    signal,
    insecure: [],
    ...(service === undefined ? {} : { service }),
    ...(config === undefined ? {} : { config }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  };
}
