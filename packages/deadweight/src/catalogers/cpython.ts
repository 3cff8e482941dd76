// Layout: CPython's Makefile.pre.in: PREFIX/lib/pythonX.Y is the library, PREFIX/include/pythonX.Y/patchlevel.h has PY_VERSION.
import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { byteStringOf, type ByteString } from "../lib/byte-string.ts";

const library = /^((?:[^*]*\/)?)lib\/python(3\.\d{1,3})\/os\.py$/;
const header = /^((?:[^*]*\/)?)include\/python(3\.\d{1,3})\/patchlevel\.h$/;

/** Python itself, where it was compiled into the image, as in the official images; and the byte code that Debian's makes later. */
export const cpython: Cataloger = defineCataloger({
  name: "cpython",
  // What a package manager or a distribution names is theirs.
  precedence: 30,
  wants: [
    { names: ["os.py"], path: library, head: 0 },
    { names: ["patchlevel.h"], path: header, head: 16 * 1024 },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const versions = new Map(files.map((file) => [placeOf(header.exec(file.path)), file]));
  const packages = files.flatMap((file) => {
    const [, prefix = "", minor = ""] = library.exec(file.path) ?? [];
    if (minor === "") return [];
    const version = versionIn(versions.get(`${prefix} ${minor}`)) ?? minor;
    return [
      { kind: "python" as const, name: "cpython", version, paths: programs(prefix, minor), folders: folders(prefix, minor) },
    ];
  });
  return { packages };
}

function placeOf(match: RegExpExecArray | null): string {
  return `${match?.[1] ?? ""} ${match?.[2] ?? ""}`;
}

function versionIn(file: WantedFile | undefined): string | undefined {
  if (file === undefined) return undefined;
  return /^#define\s+PY_VERSION\s+"([0-9][0-9a-z.+]{0,30})"/m.exec(byteStringOf(file.bytes()))?.[1];
}

function programs(prefix: ByteString, minor: string): readonly ByteString[] {
  const names = [
    "python",
    "python3",
    `python${minor}`,
    `idle${minor}`,
    `pydoc${minor}`,
    "python3-config",
    `python${minor}-config`,
  ];
  const libraries = ["libpython3.so", `libpython${minor}.so`, `libpython${minor}.so.1.0`, `libpython${minor}.a`];
  return [...names.map((name) => `${prefix}bin/${name}`), ...libraries.map((name) => `${prefix}lib/${name}`)];
}

function folders(prefix: ByteString, minor: string): readonly ByteString[] {
  return [`${prefix}lib/python${minor}`, `${prefix}include/python${minor}`];
}
