// Layout: npm folders(7) and package.json(5): a package is installed in node_modules/NAME or node_modules/@SCOPE/NAME, its own
// dependencies in a node_modules below; yarn and pnpm follow, pnpm with node_modules/.pnpm/NAME@VERSION/node_modules/NAME.
import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { textOf } from "../lib/byte-string.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

const headBytes = 256 * 1024;
const manifest = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;
/** What npx, yarn and others keep to install again; and a folder's name with `*` would be a pattern of folders. */
const passedOver = /(?:^|\/)(?:\.npm|\.cache)\/|\*/;

/** Packages that npm, yarn or pnpm installed. */
export const npm: Cataloger = defineCataloger({
  name: "npm",
  precedence: 40,
  wants: [{ names: ["package.json"], path: manifest, head: headBytes }],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  for (const file of files) if (!passedOver.test(file.path)) draft.attempt(file, () => addPackage(draft, file));
  return draft.finish();
}

function addPackage(draft: CatalogDraft, file: WantedFile): void {
  const bytes = file.bytes();
  if (bytes.length < file.size) {
    throw new UserError("too-large", `cannot read ${textOf(file.path)}: ${file.size} bytes, more than ${headBytes}`);
  }
  const { name, version, dependencies } = asRecord(parseJson(bytes, `cannot read ${textOf(file.path)}`)) ?? {};
  // A package.json that says how a folder's modules are loaded has neither.
  if (typeof name !== "string" || typeof version !== "string") return;
  draft.add({
    kind: "npm",
    name,
    version,
    paths: [],
    folders: [file.path.slice(0, file.path.lastIndexOf("/"))],
    requires: Object.keys(asRecord(dependencies) ?? {}),
  });
}
