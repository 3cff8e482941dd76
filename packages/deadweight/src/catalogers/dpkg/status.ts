import { asSize } from "../../lib/integer.ts";
import { textOf } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";
import { mostPackages } from "../system/catalog-draft.ts";
import { parseParagraphs, type Paragraph } from "./control-file.ts";

/** An installed package as dpkg's status file has it. */
export interface InstalledPackage {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  readonly section: string | undefined;
  readonly essential: boolean;
  readonly declaredBytes: number | undefined;
  /** Pre-Depends and Depends. */
  readonly relations: string;
  readonly provides: string | undefined;
}

const wanted: ReadonlySet<string> = new Set(
  "package status priority essential protected section installed-size architecture version provides depends pre-depends".split(
    " ",
  ),
);

// States in which the files of a package are unpacked: dpkg(1), "Package states".
const unpacked = new Set(["unpacked", "half-configured", "triggers-awaited", "triggers-pending", "installed"]);

/**
 * The packages whose files are there. Paragraphs without a Status count when `isInstalled` says so (distroless). Throws
 * UserError when there are more than `mostPackages`.
 */
export function parseStatus(bytes: Uint8Array, isInstalled: (state: string | undefined) => boolean): InstalledPackage[] {
  const packages: InstalledPackage[] = [];
  for (const paragraph of parseParagraphs(bytes, wanted)) {
    const name = paragraph.get("package");
    const state = paragraph.get("status")?.split(/\s+/)[2];
    if (name === undefined || name === "" || !isInstalled(state)) continue;
    if (packages.length >= mostPackages)
      throw new UserError("too-large", `cannot read a status: more than ${mostPackages} packages`);
    packages.push(installedPackage(textOf(name), paragraph));
  }
  return packages;
}

/** Whether a state of the status file means that the package's files are there. */
export function isUnpacked(state: string | undefined): boolean {
  return state !== undefined && unpacked.has(state);
}

function installedPackage(name: string, paragraph: Paragraph): InstalledPackage {
  const text = (field: string): string => textOf(paragraph.get(field) ?? "");
  const kibibytes = text("installed-size");
  const relations = [text("pre-depends"), text("depends")].filter((field) => field !== "");
  return {
    name,
    architecture: text("architecture"),
    version: text("version"),
    // `universe/libdevel`: the archive's area stands before the section.
    section: text("section").split("/").at(-1) || undefined,
    essential: text("essential") === "yes" || text("protected") === "yes" || text("priority") === "required",
    declaredBytes: /^\d+$/.test(kibibytes) ? asSize(Number(kibibytes) * 1024) : undefined,
    relations: relations.join(", "),
    provides: paragraph.has("provides") ? text("provides") : undefined,
  };
}
