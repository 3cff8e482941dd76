import { spawnSync } from "node:child_process";

/** What a program printed. Throws when it failed. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  const result = spawnSync(program, args, { maxBuffer: 256 * 1024 * 1024, ...(input === undefined ? {} : { input }) });
  if (result.status === 0) return result.stdout;
  throw new Error(`${program} ${args.join(" ")}: ${result.error?.message ?? result.stderr.toString()}`);
}

/** Why a program can't be used on this machine, for `t.skip`; false when it can. */
export function without(program: string, args: readonly string[] = ["--version"]): string | false {
  const result = spawnSync(program, args);
  return result.status === 0 ? false : `${program}: not on this machine`;
}

/** Why the Docker engine can't be used, for `t.skip`; false when it can. */
export function withoutEngine(): string | false {
  return without("docker", ["version"]) && "docker: no engine";
}
