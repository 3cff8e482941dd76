import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { optimize } from "../../src/index.ts";
import { build, docker } from "./engine.ts";
import { ownName } from "./engine-names.ts";
import { thorough } from "./e2e-optimized.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const install = "apt-get update && apt-get -o Acquire::Retries=3 install -y --no-install-recommends";

/** A program is compiled in the image that runs it, and all that this takes stays there, or goes in a layer of its own. */
const wasteful = `
RUN ${install} build-essential zlib1g-dev python3-minimal
RUN mkdir -p /root/.cache/pip/http-v2 && head -c 4000000 /dev/urandom > /root/.cache/pip/http-v2/a.body && head -c 9000000 /dev/urandom > /opt/source
RUN printf 'int main() { puts(zlibVersion()); }' | gcc -include stdio.h -include zlib.h -x c - -o /usr/local/bin/program -lz
RUN rm -rf /var/lib/apt/lists/* /opt/source
CMD ["program"]
`;

/** The same written properly. */
const proper = `
RUN ${install} zlib1g python3-minimal && rm -rf /var/lib/apt/lists/* && apt-get clean
COPY --from=WASTEFUL /usr/local/bin/program /usr/local/bin/program
CMD ["program"]
`;

/** The first and the last print nothing when all is well; the second names the folder that the cleanup of apt's lists took with it. */
const checks = ["dpkg --audit", "dpkg --verify", "apt-get -qq check", "command -v gcc"];
const fine = ["0 ", "0 missing     /var/lib/apt/lists/partial", "0 ", "127 "];

/**
 * Builds both on a base, lightens the wasteful one, and compares: as large within 3 %, the program does the same, and the package
 * manager finds nothing wrong. The base stays as it is. Gives the sizes in words.
 */
export async function assertAsWrittenProperly(base: string): Promise<string> {
  const [large, small, lean] = [ownName("wasteful"), ownName("proper"), ownName("lightened")];
  try {
    await build("legacy", folderWith(`FROM ${base}${wasteful}`), large);
    await build("legacy", folderWith(`FROM ${base}${proper.replace("WASTEFUL", large)}`), small);
    const options = thorough({ rewriteBase: false });
    const { after, before } = await optimize(`docker:${large}`, `docker:${lean}`, options);
    const expected = await optimize(`docker:${small}`, undefined, options);
    const sizes = `${before.tarBytes} bytes became ${after?.tarBytes}, written properly it has ${expected.before.tarBytes}`;
    assert.ok(Math.abs((after?.tarBytes ?? 0) / expected.before.tarBytes - 1) <= 0.03, sizes);
    assert.match(await docker("run", "--rm", "--network", "none", lean), /^1\./);
    assert.deepEqual(checkedIn(lean), fine);
    const again = await optimize(`docker:${lean}`, undefined, options);
    assert.deepEqual(again.changes, []);
    return sizes;
  } finally {
    spawnSync("docker", ["image", "rm", "--force", large, small, lean]);
  }
}

/** What each check ended with and printed. */
function checkedIn(image: string): readonly string[] {
  return checks.map((check) => {
    const { status, stdout, stderr } = spawnSync("docker", ["run", "--rm", "--network", "none", image, "sh", "-c", check], {
      encoding: "utf8",
    });
    return `${status} ${stdout.trim()}${stderr.trim()}`;
  });
}

function folderWith(dockerfile: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  return folder;
}
