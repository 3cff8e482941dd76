import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tagBase } from "./e2e-base.ts";
import { build, docker } from "./engine.ts";
import { ownName } from "./engine-names.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** It stays in the engine after the tests, so that the next run need not make it. */
const keptName = "deadweight-e2e-python:small";

/** Of a system with Python, what a program in Python or a shell needs: 80 MB. */
const kept = `
FROM scratch
COPY --from=full /usr/bin/python3.11 /usr/bin/python3
COPY --from=full /bin/sh /bin/sleep /bin/grep /bin/ls /bin/
COPY --from=full /lib64/ld-linux-x86-64.so.2 /lib64/
COPY --from=full /usr/lib/python3.11 /usr/lib/python3.11
COPY --from=full /usr/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu`;

/** A small system with Python, in the engine. */
export async function pythonImage(): Promise<string> {
  const [known = ""] = (await docker("image", "ls", "--quiet", keptName)).split("\n");
  if (known !== "") return keptName;
  const base = ownName("python-base");
  await tagBase(base);
  try {
    const install = "apt-get -o Acquire::Retries=3 install -y --no-install-recommends python3";
    const clean = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*";
    await buildFrom(`${base} AS full`, `RUN apt-get update && ${install} && ${clean}${kept}`, {}, keptName);
  } finally {
    await docker("image", "rm", base);
  }
  return keptName;
}

/** Builds an image of these steps on another one; the files are what COPY finds. */
export async function buildFrom(
  from: string,
  steps: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  name: string,
): Promise<void> {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries({ ...files, Dockerfile: `FROM ${from}\n${steps}\n` })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  await build("legacy", folder, name);
}
