import { UserError } from "../../lib/user-error.ts";
import type { Dockerfile } from "../../model/dockerfile.ts";

/** Refuses what edits can't judge: another frontend than Docker's own, and Windows. Throws UserError `unsupported-dockerfile`. */
export function refuseUnsupported(file: string, { directives, escape, stages, instructions, text }: Dockerfile): void {
  const syntax = directives.get("syntax")?.split(" ", 1)[0];
  if (
    syntax !== undefined &&
    !/^(?:docker\.io\/)?docker\/dockerfile(?::(?!.*labs)[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/.test(syntax)
  ) {
    throw unsupported(file, `the frontend ${JSON.stringify(syntax)} may read it in ways of its own`);
  }
  const windows = stages.find(
    ({ base, from }) => isWindows(base.text) || from.flags.some(({ value }) => value?.startsWith("windows/")),
  );
  if (windows) throw unsupported(file, `${JSON.stringify(windows.base.text)} is an image for Windows`);
  const shell = instructions.find(
    ({ keyword, exec }) => keyword === "SHELL" && /^(?:cmd|powershell|pwsh)(?:\.exe)?$/i.test(exec?.[0]?.value ?? ""),
  );
  if (shell) throw unsupported(file, `${text.slice(shell.start, shell.end)} is a shell of Windows`);
  if (escape === "`") throw unsupported(file, "a backtick as escape character is for Windows");
}

/** `mcr…/windows/servercore:ltsc2022`, `python:3-windowsservercore`, `x/nanoserver`; not `windows-exporter`, which runs on Linux. */
function isWindows(image: string): boolean {
  return /(?:^|\/)windows(?:[/:@]|$)|nanoserver|servercore/i.test(image);
}

function unsupported(file: string, reason: string): UserError {
  return new UserError("unsupported-dockerfile", `${file}: left as it is: ${reason}`, {
    hint: "deadweight rewrites Dockerfiles for Linux, of docker/dockerfile's syntax",
  });
}
