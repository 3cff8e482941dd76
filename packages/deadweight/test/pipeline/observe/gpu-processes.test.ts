import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import type { Container } from "../../../src/contracts/runtime.ts";
import { parseGpuProcesses, readGpuProcesses } from "../../../src/pipeline/observe/gpu-processes.ts";
import { watchGpuMemory } from "../../../src/pipeline/observe/watch-gpu-memory.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const mebibyte = 1024 ** 2;

test("what nvidia-smi prints of processes", () => {
  const held = parseGpuProcesses("1719, 4326\n2041, 310\n1719, 512\n");
  assert.deepEqual(
    held,
    new Map([
      [1719, 4838 * mebibyte],
      [2041, 310 * mebibyte],
    ]),
  );
  assert.deepEqual(parseGpuProcesses(""), new Map());
  assert.equal(parseGpuProcesses("1719, [N/A]\n"), "nvidia-smi tells no memory of process 1719: [N/A]");
  assert.equal(
    parseGpuProcesses("1719, [Insufficient Permissions]"),
    "nvidia-smi tells no memory of process 1719: [Insufficient Permissions]",
  );
  assert.equal(parseGpuProcesses("No devices were found\n"), "nvidia-smi: No devices were found");
});

/** A PATH with a program in the place of nvidia-smi. */
function pathWith(script: string): Readonly<Record<string, string>> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "nvidia-smi"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "nvidia-smi"), 0o755);
  return { PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` };
}

test("it is asked as its manual says, and told why it can't answer", async () => {
  const asked = pathWith('[ "$*" = "--query-compute-apps=pid,used_memory --format=csv,noheader,nounits" ] && echo "17, 2"');
  assert.deepEqual(await readGpuProcesses(asked), new Map([[17, 2 * mebibyte]]));
  const broken =
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.";
  assert.equal(await readGpuProcesses(pathWith(`echo "${broken}"; exit 9`)), `nvidia-smi: ${broken}`);
  assert.equal(
    await readGpuProcesses({ PATH: temporaryFolder() }),
    "there is no nvidia-smi on this machine, so no GPU that it knows of",
  );
});

test("of a container the most that its own processes held together", async () => {
  const own: Pick<Container, "processes"> = { processes: () => Promise.resolve([17, 18]) };
  const answers = [
    new Map([[17, 100]]),
    new Map([
      [17, 100],
      [18, 50],
      [99, 1000],
    ]),
    new Map([[18, 50]]),
  ];
  let asked = 0;
  const first = Promise.withResolvers<void>();
  const next = (): Promise<ReadonlyMap<number, number>> => {
    first.resolve();
    return Promise.resolve(answers[asked++] ?? new Map());
  };
  const watch = watchGpuMemory(own, next, new AbortController().signal);
  await first.promise;
  assert.equal(await watch.end(), 150);
  assert.equal(asked, 2);
  const blind = watchGpuMemory(own, () => Promise.resolve("no driver"), new AbortController().signal);
  assert.equal(await blind.end(), "no driver");
});
