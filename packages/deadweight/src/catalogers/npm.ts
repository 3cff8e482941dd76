// Layout: npm folders(7) and package.json(5): a package is installed in node_modules/NAME or node_modules/@SCOPE/NAME, its own
// dependencies in a node_modules below; yarn and pnpm follow, pnpm with node_modules/.pnpm/NAME@VERSION/node_modules/NAME. npm from
// version 7 on writes node_modules/.package-lock.json, "hidden lockfiles" in package-lock-json(5): its `packages` have `dev: true` where
// devDependencies alone need them.
import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { byteStringFromText, textOf, type ByteString } from "../lib/byte-string.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

const headBytes = 256 * 1024;
const mostLockBytes = 16 * 1024 * 1024;
const lock = /(?:^|\/)node_modules\/\.package-lock\.json$/;
const manifest = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;
/** What npx, yarn and others keep to install again; and a folder's name with `*` would be a pattern of folders. */
const passedOver = /(?:^|\/)(?:\.npm|\.cache)\/|\*/;

/** Packages that npm, yarn or pnpm installed. */
export const npm: Cataloger = defineCataloger({
  name: "npm",
  precedence: 40,
  wants: [
    { names: ["package.json"], path: manifest, head: headBytes },
    { names: [".package-lock.json"], path: lock, head: mostLockBytes },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const known = files.filter(({ path }) => !passedOver.test(path));
  const [locks = [], manifests = []] = [true, false].map((isLock) => known.filter(({ path }) => lock.test(path) === isLock));
  const development = new Set(
    locks.flatMap((file) => draft.read(file, mostLockBytes, (bytes) => developmentFolders(file, bytes)) ?? []),
  );
  for (const file of manifests) draft.attempt(file, () => addPackage(draft, file, development));
  return draft.finish();
}

/** The folders of packages with `dev: true`. */
function developmentFolders({ path }: WantedFile, bytes: Uint8Array): readonly ByteString[] {
  const { packages } = asRecord(parseJson(bytes, `cannot read ${textOf(path)}`)) ?? {};
  const parent = path.slice(0, path.lastIndexOf("node_modules/"));
  const found = Object.entries(asRecord(packages) ?? {}).filter(([, one]) => asRecord(one)?.["dev"] === true);
  return found.map(([folder]) => parent + byteStringFromText(folder));
}

function addPackage(draft: CatalogDraft, file: WantedFile, development: ReadonlySet<ByteString>): void {
  const bytes = file.bytes();
  if (bytes.length < file.size) {
    throw new UserError("too-large", `cannot read ${textOf(file.path)}: ${file.size} bytes, more than ${headBytes}`);
  }
  const { name, version, dependencies } = asRecord(parseJson(bytes, `cannot read ${textOf(file.path)}`)) ?? {};
  // A package.json that says how a folder's modules are loaded has neither.
  if (typeof name !== "string" || typeof version !== "string") return;
  const folder = file.path.slice(0, file.path.lastIndexOf("/"));
  draft.add({
    kind: "npm",
    name,
    version,
    paths: [],
    folders: [folder],
    requires: Object.keys(asRecord(dependencies) ?? {}),
    ...(development.has(folder) && { development: true }),
  });
}
