import { defineFact, type Fact } from "../contracts/fact.ts";
import type { Package } from "../contracts/cataloger.ts";
import { packages } from "./packages.ts";

/** Installed Python distributions and conda packages by name, in the normal form of PEP 503: `nvidia-cublas-cu12`. */
export const pythonPackages: Fact<ReadonlyMap<string, Package>> = defineFact("python-packages", (facts) => {
  const byName = new Map<string, Package>();
  for (const installed of facts.get(packages).final) {
    if (installed.kind === "python" || installed.kind === "conda") byName.set(normalName(installed.name), installed);
  }
  return byName;
});

function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
