import type { Command } from "commander";
import type { PromoteOptions, Promotion } from "../index.ts";
import { printable, printableJson } from "../lib/printable.ts";
import { addProgressOptions, type ImageFlags, insecureOption } from "./image-options.ts";
import { createDisplay, progressMode } from "./progress/create-display.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";

interface Flags extends Pick<ImageFlags, "insecure" | "progress" | "quiet"> {
  readonly dockerfile?: string;
  readonly config?: string;
  readonly commit?: boolean;
  /** A tag of a registry; `false` after `--no-tag`. */
  readonly tag?: string | false;
  readonly format: "table" | "json";
}

type Common = Omit<PromoteOptions, "commit" | "moveTag">;
type Verb = (flags: Flags, common: Common, toolkit: Toolkit) => Promise<readonly string[]>;

/** Adds `promote` and `rollback`, which put a verified Dockerfile in place and take it back. */
export function addPromote(program: Command, session: Session, toolkit: Toolkit, choose: (work: Work) => void): void {
  const promoteCommand = program
    .command("promote")
    .summary("put the verified Dockerfile and its image in the place of the old ones")
    .description(
      "Puts what `build` has verified in place: the Dockerfile, whose old one is kept as Dockerfile.old, and the name of the image, at a registry too with --tag. Only exactly what was verified.",
    )
    .option("--commit", "make a git commit of it, and keep no Dockerfile.old")
    .option("--tag <tag>", "move this tag of a registry too: docker://HOST/NAME:TAG; the image is pushed where it lacks it")
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
    .addOption(insecureOption("before the service"));
  addProgressOptions(command);
  command
    .addHelpText(
      "after",
      `
Examples:
  deadweight ${name} api
  deadweight ${name} --dockerfile Dockerfile${name === "promote" ? "\n  deadweight promote api --commit\n  deadweight promote api --tag docker://registry.example/team/api:1.2" : ""}

Exit codes: 0 fine, 1 not verified, or changed since; 2 usage, 3 could not look or write, 70 a bug.`,
    )
    .action((service: string | undefined, flags: Flags & { readonly json?: boolean }) =>
      choose(async () => {
        const mode = flags.quiet === true ? "quiet" : progressMode(flags.progress, session.environment);
        const display = createDisplay(mode, session);
        const common = { ...commonOptions(flags, service, session), onProgress: display.show };
        const format = flags.json === true ? "json" : "table";
        const lines = await verb({ ...flags, format }, common, toolkit).finally(() => display.close());
        await write(session.stdout, lines.map((line) => `${line}\n`).join(""));
        return 0;
      }),
    );
}

const promote: Verb = async (flags, common, toolkit) => {
  const registryTag = typeof flags.tag === "string" ? { registryTag: flags.tag } : {};
  const options = { ...common, ...registryTag, commit: flags.commit === true, moveTag: flags.tag !== false };
  const promotion = await toolkit.promote(options);
  if (flags.format === "json") return [printableJson(JSON.stringify(promotion, undefined, 2))];
  const { dockerfile, image, registry } = promotion;
  const asked = common.service ?? (flags.dockerfile === undefined ? "" : `--dockerfile ${flags.dockerfile}`);
  return [
    `${dockerfile.path}: is the verified one now; the old one is ${dockerfile.isCommitted ? "in git" : dockerfile.old}`,
    ...(image === undefined ? [] : [`${image.name}: is ${image.imageId.slice(0, 19)} now${kept(image)}`]),
    ...(registry === undefined ? [] : [`${registry.reference}: is ${registry.digest.slice(0, 19)} now${kept(registry)}`]),
    `undo it with: deadweight rollback ${asked}`.trimEnd(),
  ].map(printable);
};

function kept({ keptAs }: { readonly keptAs?: string }): string {
  return keptAs === undefined ? "" : `; what it was is ${keptAs}`;
}

const rollback: Verb = async (flags, common, toolkit) => {
  const promotion: Promotion = await toolkit.rollback(common);
  if (flags.format === "json") return [printableJson(JSON.stringify(promotion, undefined, 2))];
  const { dockerfile, image, registry, left } = promotion;
  const again = (previous: string | undefined): string =>
    previous === undefined ? "is taken away again" : `is ${previous.slice(0, 19)} again`;
  return [
    `${dockerfile.path}: is the old one again`,
    ...(image === undefined ? [] : [`${image.name}: ${again(image.previousId)}`]),
    ...(registry === undefined ? [] : (left ?? [`${registry.reference}: ${again(registry.previousDigest)}`])),
  ].map(printable);
};

function commonOptions(
  { dockerfile, config, insecure }: Flags,
  service: string | undefined,
  { environment, signal }: Session,
): Common {
  return {
    environment,
    signal,
    insecure: insecure ?? [],
    ...(service === undefined ? {} : { service }),
    ...(config === undefined ? {} : { config }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  };
}
