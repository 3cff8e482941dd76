import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, docker, type Builder } from "./engine.ts";
import { ownLabel, ownName, removeLeftovers } from "./engine-names.ts";
import { tagBase } from "./e2e-base.ts";
import { serveNumpy, type WheelIndex } from "./e2e-wheel-index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A folder of an application as its author has it: 240 files of 20 KB. */
export const applicationFiles: readonly string[] = Array.from(
  { length: 240 },
  (_, number) => `part-${number % 6}/file-${number}.dat`,
);
const applicationFileBytes = 20_000;

/** What the tests build: a name, and the Dockerfile below `FROM`. */
export const recipes = {
  caches: `
RUN apt-get update && apt-get -o Acquire::Retries=3 install -y --no-install-recommends python3-pip
RUN rm -rf /var/lib/apt/lists/*`,
  ownership: `
COPY app /srv/app
RUN chown -R 1000:1000 /srv/app`,
  numpy: `
RUN pip install --break-system-packages --disable-pip-version-check --index-url INDEX --trusted-host 127.0.0.1 numpy
COPY main.py /app/main.py`,
  stages: `AS build
LABEL OWN
RUN mkdir -p /out/bin && seq 1 200000 > /out/numbers && cp /usr/bin/seq /out/bin/count
FROM BASE
COPY --from=build /out /opt/app
COPY main.py /opt/app/main.py
ENTRYPOINT ["/opt/app/bin/count"]`,
};
export type Recipe = keyof typeof recipes;

/** The images in the engine. */
export interface BuiltImages {
  /** The version of numpy that one of them has. */
  readonly numpyVersion: string;
  readonly name: (recipe: Recipe, builder?: Builder) => string;
  /** Takes all names away again; the engine drops what has no other. */
  readonly remove: () => Promise<void>;
}

/** Builds all images. */
export async function buildImages(): Promise<BuiltImages> {
  await removeLeftovers();
  const base = ownName("base");
  const index = await serveNumpy();
  const make = async (recipe: Recipe, builder: Builder, from: string): Promise<void> =>
    build(builder, context(`FROM ${from} ${recipes[recipe]}\n`, base, index), nameOf(recipe, builder));
  try {
    await tagBase(base);
    await make("caches", "legacy", base);
    await make("ownership", "legacy", base);
    await make("numpy", "legacy", nameOf("caches", "legacy"));
    await make("stages", "legacy", base);
    await make("stages", "buildkit", base);
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await index.close();
  }
  return { numpyVersion: index.version, name: (recipe, builder = "legacy") => nameOf(recipe, builder), remove };
}

function nameOf(recipe: Recipe, builder: Builder): string {
  return ownName(builder === "legacy" ? recipe : `${recipe}-${builder}`);
}

async function remove(): Promise<void> {
  const names = [...Object.keys(recipes), "stages-buildkit", "base"].map(ownName).reverse();
  await docker("image", "rm", "--force", ...names);
  // The first builder keeps the image of a stage, without a name.
  await docker("image", "prune", "--force", "--filter", `label=${ownLabel}`);
}

/** A folder with the Dockerfile and what it copies. */
function context(dockerfile: string, base: string, index: WheelIndex): string {
  const folder = temporaryFolder();
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const values: Readonly<Record<string, string>> = { BASE: base, INDEX: index.url, OWN: ownLabel };
  write(
    "Dockerfile",
    dockerfile.replace(/BASE|INDEX|OWN/g, (word) => values[word] ?? word),
  );
  write("main.py", "import numpy\nprint(numpy.__version__)\n");
  for (const path of applicationFiles)
    write(`app/${path}`, path.repeat(applicationFileBytes / path.length).padEnd(applicationFileBytes));
  return folder;
}
