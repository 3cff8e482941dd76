import { execFile } from "node:child_process";
import { basename, dirname } from "node:path";
import { UserError } from "../../lib/user-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a file is what git's last commit has; undefined when git does not know the file. Throws UserError `git-failed`. */
export async function isCommitted(path: string, environment: Environment): Promise<boolean | undefined> {
  const listed = await git(path, ["ls-files", "--error-unmatch", "--", basename(path)], environment);
  if (listed.code !== 0) return undefined;
  const compared = await git(path, ["diff", "--quiet", "HEAD", "--", basename(path)], environment);
  if (compared.code > 1) throw failed(path, compared.said);
  return compared.code === 0;
}

/** Commits this file alone, whatever else is staged. Throws UserError `git-failed`. */
export async function commitFile(path: string, message: string, environment: Environment): Promise<void> {
  const { code, said } = await git(path, ["commit", "--quiet", "--only", "-m", message, "--", basename(path)], environment);
  if (code !== 0) throw failed(path, said);
}

interface Ended {
  readonly code: number;
  readonly said: string;
}

function git(path: string, args: readonly string[], environment: Environment): Promise<Ended> {
  const options = { cwd: dirname(path), env: { ...environment, GIT_TERMINAL_PROMPT: "0" }, maxBuffer: 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile("git", [...args], options, (error, _, stderr) => {
      if (error === null) resolve({ code: 0, said: "" });
      else if (typeof error.code === "number") resolve({ code: error.code, said: stderr });
      else reject(failed(path, error.message));
    });
  });
}

function failed(path: string, said: string): UserError {
  return new UserError("git-failed", `${path}: git: ${said.trim().slice(0, 500) || "failed"}`);
}
