import type { TestEntry } from "./layers.ts";

/** A package of Debian, as tests give it. */
export interface DebianPackage {
  readonly name: string;
  readonly depends?: string;
  readonly section?: string;
  readonly essential?: boolean;
  /** Installed because another needs it. */
  readonly automatic?: boolean;
  /** Without leading slash; a name with ` -> ` is a link. */
  readonly files?: readonly string[];
}

/** The files of Debian packages, and dpkg's and apt's databases that list them. */
export function debianEntries(packages: readonly DebianPackage[]): TestEntry[] {
  const status = packages.map(({ name, depends, section, essential }) =>
    [
      `Package: ${name}`,
      "Status: install ok installed",
      "Architecture: amd64",
      "Version: 1.0-1",
      ...(section === undefined ? [] : [`Section: ${section}`]),
      ...(depends === undefined ? [] : [`Depends: ${depends}`]),
      ...(essential === true ? ["Essential: yes"] : []),
    ].join("\n"),
  );
  const states = packages
    .filter(({ automatic }) => automatic === true)
    .map(({ name }) => `Package: ${name}\nArchitecture: amd64\nAuto-Installed: 1\n`);
  return [
    { path: "var/lib/dpkg/status", content: `${status.join("\n\n")}\n` },
    { path: "var/lib/apt/extended_states", content: states.join("\n") },
    ...packages.map(({ name, files = [] }) => ({
      path: `var/lib/dpkg/info/${name}.list`,
      content: files.map((file) => `/${file.split(" -> ")[0]}\n`).join(""),
    })),
    ...packages.flatMap(({ files = [] }) => files.map(entryOf)),
  ];
}

/** The files of a Python distribution, with the dist-info folder that lists them. */
export function pythonEntries(
  name: string,
  version: string,
  files: readonly string[] = [],
  library = "usr/local/lib/python3.11/site-packages",
): TestEntry[] {
  const info = `${name.replaceAll("-", "_")}-${version}.dist-info`;
  const record = [...files, `${info}/METADATA`, `${info}/RECORD`].map((file) => `${file.split(" -> ")[0]},,\n`).join("");
  return [
    { path: `${library}/${info}/METADATA`, content: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n` },
    { path: `${library}/${info}/RECORD`, content: record },
    ...files.map((file) => entryOf(`${library}/${file}`)),
  ];
}

function entryOf(file: string): TestEntry {
  const [path = "", link] = file.split(" -> ");
  return link === undefined ? { path, content: `content of ${path}` } : { path, type: "symlink", link };
}
