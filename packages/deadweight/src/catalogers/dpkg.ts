import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { parseAutomatic } from "./dpkg/automatic.ts";
import { distrolessInstallations } from "./dpkg/distroless-installations.ts";
import { mostDpkgBytes, type Installation } from "./dpkg/installation.ts";
import { listedInstallations } from "./dpkg/listed-installations.ts";
import { createResolver, type Resolve } from "./dpkg/relations.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";
import { qualifiedNames } from "./system/qualified-names.ts";

/** Packages of Debian, Ubuntu and distroless images. */
export const dpkg: Cataloger = defineCataloger({
  name: "dpkg",
  precedence: 50,
  wants: [
    { names: ["status", "diversions"], path: /^var\/lib\/dpkg\/[^/]+$/ },
    { names: ["extended_states"], path: /^var\/lib\/apt\/[^/]+$/ },
    { endings: [".list"], path: /^var\/lib\/dpkg\/info\/[^/]+$/ },
    { path: /^var\/lib\/dpkg\/status\.d\/[^/]+$/ },
    // Not for the catalog: what has to follow when packages or their files are removed (transforms).
    { endings: [".md5sums"], path: /^var\/lib\/dpkg\/info\/[^/]+$/ },
    { path: /^var\/lib\/dpkg\/(?:alternatives|triggers)\/[^/]+$/ },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const dpkgFiles = { byPath: new Map(files.map((file) => [file.path, file])), draft };
  const installations = [...listedInstallations(dpkgFiles), ...distrolessInstallations(dpkgFiles)];
  const labels = qualifiedNames(
    installations.map(({ installed }) => installed),
    ":",
  );
  const providers = installations.map(({ installed }, index) => ({ ...installed, label: labels[index] ?? installed.name }));
  const context = { draft, resolve: createResolver(providers), automatic: readAutomatic(dpkgFiles.byPath, draft) };
  for (const [index, installation] of installations.entries()) addPackage(installation, labels[index] ?? "", context);
  return draft.finish();
}

interface Context {
  readonly draft: CatalogDraft;
  readonly resolve: Resolve;
  /** Undefined where apt has kept no record. */
  readonly automatic: ReadonlySet<string> | undefined;
}

function readAutomatic(byPath: ReadonlyMap<string, WantedFile>, draft: CatalogDraft): ReadonlySet<string> | undefined {
  const states = byPath.get("var/lib/apt/extended_states");
  return states && draft.read(states, mostDpkgBytes, parseAutomatic);
}

function addPackage({ installed, source, paths, own }: Installation, label: string, context: Context): void {
  const { name, architecture, version, section, essential, declaredBytes, relations } = installed;
  context.draft.add({
    kind: "dpkg",
    name: label,
    version,
    paths: [...own, ...context.draft.within(source, paths())],
    requires: context.resolve(relations, architecture).filter((required) => required !== label),
    essential,
    ...(context.automatic && { automatic: context.automatic.has(`${name}:${architecture}`) }),
    ...(section !== undefined && { section }),
    ...(declaredBytes !== undefined && { declaredBytes }),
  });
}
