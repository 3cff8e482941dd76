import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { programOf } from "../../dockerfile/shell-script.ts";
import type { Stage } from "../../model/dockerfile.ts";
import { compilesBy } from "../evidence/compiles.ts";
import type { Finding } from "../evidence/gathered.ts";

const estimate: ProposedSaving = {
  bytes: 771_000_000,
  compressedBytes: 331_230_870,
  source: "python:3.8 beside python:3.8-slim as an engine lists them; compressed python:3.11-bookworm beside its slim",
};

/** What the python image has and python-slim has not. */
const missing =
  /^(?:git|hg|svn|curl|wget|gcc|g\+\+|cc|make|patch|file|xz|unzip|ssh|scp|gpg|pkg-config|mysql_config|pg_config|procps|ps|pgrep|convert|identify|magick|autoconf|bzr)$/;

/** From python to python-slim of the same release. */
export function slimBase({ dockerfile, shipped }: EditContext, stage: Stage, steps: readonly RunStep[]): Finding {
  const { base, from } = stage;
  const [, image, version, system] =
    /^((?:docker\.io\/)?(?:library\/)?python):(\d+(?:\.\d+){1,2})(?:-(bookworm|trixie|bullseye))?$/.exec(base.text) ?? [];
  if (image === undefined || version === undefined) return undefined;
  const compiles = steps.map(compilesBy).find((why) => why !== undefined);
  const called = steps.flatMap(({ script, instruction }) => {
    const command = script?.commands.find((one) => missing.test(programOf(one)) && !installs(steps, programOf(one)));
    return command ? [`${programOf(command)} in line ${instruction.line}`] : [];
  });
  const started = shipped
    .flatMap(({ instructions }) => instructions.filter(({ keyword }) => /^(?:CMD|ENTRYPOINT|HEALTHCHECK)$/.test(keyword)))
    .flatMap((one) => {
      const words = dockerfile.text.slice(one.rest.start, one.rest.end).match(/[\w.+-]+/g) ?? [];
      const word = words.find((text) => missing.test(text) && !installs(steps, text));
      return word === undefined ? [] : [`${word} in line ${one.line}`];
    });
  const fromGit = steps.some(({ uses }) =>
    uses.some(({ tool, operands }) => /^(?:pip|uv)$/.test(tool) && operands.some(({ text }) => text.includes("git+"))),
  );
  const why = compiles ?? called[0] ?? started[0] ?? (fromGit ? "a package is installed from git" : undefined);
  if (why !== undefined)
    return {
      instruction: from,
      message: `the full python image stays: ${why}; build in a stage of its own, or install what is called`,
    };
  return {
    instruction: from,
    message: "the full python image holds compilers, git and development packages",
    reason: "nothing in the Dockerfile compiles or calls what python-slim lacks, of the same Debian release",
    replacements: [
      { start: base.start, end: base.end, text: `${image}:${version}-slim${system === undefined ? "" : `-${system}`}` },
    ],
    saving: estimate,
  };
}

function installs(steps: readonly RunStep[], name: string): boolean {
  return steps.some(({ uses }) =>
    uses.some(({ tool, verb, operands }) => tool === "apt" && verb === "install" && operands.some(({ value }) => value === name)),
  );
}
