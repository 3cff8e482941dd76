import { execFile } from "node:child_process";
import { UserError } from "../../lib/user-error.ts";
import type { CredentialSearch, Credentials } from "./credentials.ts";
import { parseSecretJson } from "./parse-secret-json.ts";

const longestAnswer = 64 * 1024;
/** What docker-credential-helpers answers for a server that it has nothing for: credentials/error.go. */
const nothingFound = "credentials not found in native keychain";

interface HelperRun {
  readonly error: Error | null;
  readonly answer: string;
}

/**
 * Asks `docker-credential-NAME get`, without a shell, for a server's login. Undefined when the helper has none.
 * Throws UserError `configuration`; what the helper wrote is never part of it.
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  configPath: string,
  search: CredentialSearch,
): Promise<Credentials | undefined> {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name)) throw failure(`${configPath}: the name of a credential helper is not valid`);
  const { error, answer } = await runHelper(name, server, search);
  search.signal.throwIfAborted();
  if (error && answer.trim() === nothingFound) return undefined;
  if (error) throw failure(`docker-credential-${name}, named by ${configPath}: ${reasonOf(error, search.helperMs)}`);
  return credentialsOf(answer, name);
}

function runHelper(name: string, server: string, { environment, signal, helperMs }: CredentialSearch): Promise<HelperRun> {
  return new Promise((resolve) => {
    const child = execFile(
      `docker-credential-${name}`,
      ["get"],
      { env: { ...environment }, maxBuffer: longestAnswer, timeout: helperMs, killSignal: "SIGKILL", signal, windowsHide: true },
      (error, answer) => resolve({ error, answer }),
    );
    // A helper may end without reading; the exit status then tells.
    child.stdin?.on("error", () => undefined).end(server);
  });
}

function reasonOf(error: Error, helperMs: number): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "is not installed";
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `answered with more than ${longestAnswer} bytes`;
  if (typeof code === "number") return `ended with exit code ${code}`;
  if ("killed" in error && error.killed === true) return `did not answer in ${helperMs / 1000} s`;
  return typeof code === "string" ? code : "was killed";
}

function credentialsOf(answer: string, name: string): Credentials | undefined {
  const { Username: username, Secret: secret } = parseSecretJson(answer) ?? {};
  if (typeof username !== "string" || typeof secret !== "string") {
    throw failure(`docker-credential-${name}: its answer has no Username and Secret`);
  }
  if (username === "" || secret === "") return undefined;
  return username === "<token>" ? { kind: "identity-token", token: secret } : { kind: "password", username, password: secret };
}

function failure(message: string): UserError {
  return new UserError("configuration", message, {
    hint: "Install the helper, or take it out of the file and log in again.",
    exitCode: 2,
  });
}
