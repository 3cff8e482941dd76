import type { EditContext } from "../../contracts/edit.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { programOf } from "../../dockerfile/shell-script.ts";
import type { Instruction, Stage } from "../../model/dockerfile.ts";

/** Programs with the packages that bring them, `|` between several. */
type Programs = Readonly<Record<string, string>>;

/** Programs of Debian's buildpack that slim images lack, with packages that bring them. */
const buildpack: Programs = {
  git: "git",
  hg: "mercurial",
  svn: "subversion",
  curl: "curl",
  wget: "wget",
  ssh: "openssh-client",
  scp: "openssh-client",
  "ssh-keyscan": "openssh-client",
  gpg: "gnupg|gpg",
  patch: "patch|build-essential|dpkg-dev",
  file: "file",
  unzip: "unzip",
  xz: "xz-utils",
  unxz: "xz-utils",
  bzip2: "bzip2",
  ps: "procps",
  top: "procps",
  pkill: "procps",
  free: "procps",
  convert: "imagemagick",
  identify: "imagemagick",
  pg_config: "libpq-dev",
  mysql_config: "default-libmysqlclient-dev|libmariadb-dev",
  "pkg-config": "pkg-config|pkgconf",
};

/** A program of the buildpack that the stages' RUNs or their commands call and that no RUN before has installed. */
export function missingProgram(
  context: EditContext,
  stages: readonly Stage[],
  steps: readonly RunStep[],
  more: Programs = {},
): string | undefined {
  const programs = { ...buildpack, ...more };
  const installed = new Set<string>();
  for (const step of steps) {
    for (const use of step.uses) {
      if (use.tool === "apt" && use.verb === "install")
        for (const { value = "" } of use.operands) installed.add(value.replace(/[=:/].*$/, ""));
    }
    const text =
      step.script?.commands.flatMap((command) => [programOf(command), ...archivesOf(command.words.map(({ text }) => text))]) ??
      [];
    const found = text.find((program) => isMissing(programs, program, installed));
    if (found !== undefined) return `${found} is called in line ${step.instruction.line}`;
  }
  for (const instruction of stages.flatMap(({ instructions }) => instructions)) {
    if (!/^(?:CMD|ENTRYPOINT|HEALTHCHECK)$/.test(instruction.keyword)) continue;
    const found = wordsOf(context, instruction).find((program) => isMissing(programs, program, installed));
    if (found !== undefined) return `${found} is called in line ${instruction.line}`;
  }
  return undefined;
}

function isMissing(programs: Programs, program: string, installed: ReadonlySet<string>): boolean {
  const packages = Object.hasOwn(programs, program) ? programs[program] : undefined;
  return packages !== undefined && !packages.split("|").some((name) => installed.has(name));
}

/** tar calls what unpacks an archive; pip calls git. */
function archivesOf(words: readonly string[]): readonly string[] {
  const has = (pattern: RegExp): boolean => words.some((word) => pattern.test(word));
  return [
    ...(has(/\.(?:tar\.xz|txz|xz)\b/) ? ["xz"] : []),
    ...(has(/\.(?:tar\.bz2|tbz2?)\b/) ? ["bzip2"] : []),
    ...(has(/\bgit\+(?:https?|ssh|file):/) ? ["git"] : []),
  ];
}

function wordsOf({ dockerfile }: EditContext, { exec, rest }: Instruction): readonly string[] {
  const text = exec === undefined ? dockerfile.text.slice(rest.start, rest.end) : exec.map(({ value }) => value).join(" ");
  return text.split(/[\s;&|()"'[\],]+/).map((word) => word.replace(/^.*\//, ""));
}
