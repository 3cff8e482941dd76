import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Duplex, type Readable, type Writable } from "node:stream";
import { UserError } from "../lib/user-error.ts";

/** What `ssh` needs to reach the engine of another machine. */
export interface SshTarget {
  /** What error messages begin with. */
  readonly place: string;
  readonly program: "docker" | "podman";
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const maxComplaintLength = 2048;

/**
 * A connection to the engine's socket on another machine: `ssh HOST docker system dial-stdio`, as the Docker command makes it.
 * ssh asks no questions. When it fails the stream is destroyed with a UserError `no-engine` that says what ssh said.
 */
export function dialSsh(target: SshTarget): Duplex {
  const options = ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30"];
  const user = target.user === undefined ? [] : ["-l", target.user];
  const port = target.port === undefined ? [] : ["-p", String(target.port)];
  const remote = [target.host, target.program, "system", "dial-stdio"];
  const env = { ...target.environment };
  return streamOf(
    spawn("ssh", [...options, ...user, ...port, "--", ...remote], { stdio: ["pipe", "pipe", "pipe"], env }),
    target,
  );
}

/** The stream ends when the process has, not when its output has: only then is it known whether it failed, and why. */
function streamOf(child: Child, target: SshTarget): Duplex {
  const stream = new Duplex({
    read: () => child.stdout.resume(),
    // A broken pipe means that ssh has ended; its exit says more.
    write: (chunk: Uint8Array, _, done) => child.stdin.write(chunk, () => done()),
    final: (done) => child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  let complaint = "";
  child.stdin.on("error", () => {});
  child.stdout.on("data", (piece: Uint8Array) => stream.push(piece) || child.stdout.pause());
  child.stderr.on("data", (piece: Buffer) => (complaint = (complaint + piece.toString()).slice(0, maxComplaintLength)));
  child.on("error", (error) => stream.destroy(sshError(target, error.message)));
  child.on("close", (code, signal) => {
    if (code === 0) stream.push(null);
    else stream.destroy(sshError(target, complaint.trim() || `ended with ${signal ?? `exit code ${code}`}`));
  });
  return stream;
}

function sshError(target: SshTarget, complaint: string): UserError {
  const login = target.user === undefined ? target.host : `${target.user}@${target.host}`;
  return new UserError("no-engine", `${target.place}: ssh: ${complaint}`, {
    hint: `check that \`ssh ${login} ${target.program} version\` works without a question: key in ssh-agent, host in known_hosts`,
  });
}
