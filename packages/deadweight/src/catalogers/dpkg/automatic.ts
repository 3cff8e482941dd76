// Layout: apt's apt-pkg/depcache.cc: paragraphs with Package, Architecture and `Auto-Installed: 1`.
import { textOf } from "../../lib/byte-string.ts";
import { parseParagraphs } from "./control-file.ts";

const wanted: ReadonlySet<string> = new Set(["package", "architecture", "auto-installed"]);

/**
 * `name:architecture` of each package that apt installed only because another needs it, and `name:all`: apt records packages of
 * architecture all under the machine's own.
 */
export function parseAutomatic(bytes: Uint8Array): ReadonlySet<string> {
  const automatic = new Set<string>();
  for (const paragraph of parseParagraphs(bytes, wanted)) {
    if (paragraph.get("auto-installed") !== "1") continue;
    const name = textOf(paragraph.get("package") ?? "");
    automatic.add(`${name}:${textOf(paragraph.get("architecture") ?? "")}`).add(`${name}:all`);
  }
  return automatic;
}
