import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";
import { run } from "./tools.ts";
import { treeIn, type UnpackedTree } from "./unpacked-tree.ts";

/** A containerd of this test's own: its data, state and socket are in a folder that goes with it. */
export interface Containerd {
  /** Pulls an image from a registry without TLS, for this machine's platform unless all are asked for. */
  readonly pull: (reference: string, isForAll?: boolean) => void;
  /** The tree of a container of the image. */
  readonly tree: (reference: string) => UnpackedTree;
  /** Frees what only this image has of the disk. */
  readonly remove: (reference: string) => void;
  readonly close: () => Promise<void>;
}

/** Starts one; it unpacks with the snapshotter that copies, which needs nothing of the file system. */
export async function startContainerd(): Promise<Containerd> {
  // The path of a socket may have 107 characters.
  const folder = mkdtempSync(join(tmpdir(), "ctrd-"));
  const socket = join(folder, "sock");
  const config = join(folder, "config.toml");
  writeFileSync(
    config,
    `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "${socket}"\n`,
  );
  const child = spawn("containerd", ["--config", config, "--log-level", "error"], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  const stop = (): boolean => child.kill();
  process.once("exit", stop);
  const ctr = (...args: readonly string[]): void => void run("ctr", ["--address", socket, "--namespace", "test", ...args]);
  await answering(socket);
  const close = async (): Promise<void> => {
    process.removeListener("exit", stop);
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const native = ["--snapshotter", "native"];
  const pull: Containerd["pull"] = (reference, isForAll = false) =>
    ctr("images", "pull", "--plain-http", ...native, ...(isForAll ? ["--all-platforms"] : []), reference);
  const tree: Containerd["tree"] = (reference) => {
    const target = join(temporaryFolder(), "mounted");
    mkdirSync(target);
    ctr("images", "mount", ...native, reference, target);
    try {
      return treeIn(target);
    } finally {
      ctr("images", "unmount", ...native, "--rm", target);
    }
  };
  const remove: Containerd["remove"] = (reference) => ctr("images", "rm", "--sync", reference);
  return { pull, tree, remove, close };
}

async function answering(socket: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (spawnSync("ctr", ["--address", socket, "--timeout", "2s", "version"]).status === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("containerd does not answer");
}
