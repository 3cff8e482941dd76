// Layout: packaging.python.org, "Core metadata specifications": headers as in RFC 822, `Name: value`, folded lines begin with
// white space, the long description follows an empty line. Requires-Dist is a PEP 508 requirement: `name[extra] (>=1); marker`.
import { textOf, type ByteString } from "../../lib/byte-string.ts";
import { linesOf } from "../system/lines.ts";

/** What METADATA or PKG-INFO says; the name is in its normal form of PEP 503. */
export interface CoreMetadata {
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Needed always: what only an extra needs is left out. */
  readonly requires: readonly string[];
}

/** Reads the headers of METADATA or PKG-INFO, as far as the bytes go. */
export function parseCoreMetadata(bytes: Uint8Array): CoreMetadata {
  const fields = new Map<string, string>();
  const requirements: string[] = [];
  for (const line of linesOf(bytes)) {
    if (line.trim() === "") break;
    const [, field = "", value = ""] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (field.toLowerCase() === "requires-dist") requirements.push(value);
    else if (field !== "") fields.set(field.toLowerCase(), textOf(value));
  }
  const name = fields.get("name");
  return { name: name && normalName(name), version: fields.get("version"), requires: requiredNames(requirements) };
}

/** The names in requirements, those for an extra dropped. */
export function requiredNames(requirements: Iterable<ByteString>): readonly string[] {
  const names = new Set<string>();
  for (const requirement of requirements) {
    const name = /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(requirement)?.[0];
    const marker = requirement.slice(requirement.indexOf(";") + 1 || requirement.length);
    if (name !== undefined && !/\bextra\s*==/.test(marker)) names.add(normalName(name));
  }
  return [...names];
}

/** Requirements of an egg's requires.txt: `[extra]` and `[:marker]` begin sections, the latter are needed always. */
export function* eggRequirements(bytes: Uint8Array): Generator<ByteString> {
  let isNeeded = true;
  for (const line of linesOf(bytes)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    if (section !== undefined) isNeeded = section.startsWith(":");
    else if (isNeeded) yield line.trim();
  }
}

/** The normal form of PEP 503: `Foo_Bar.baz` is `foo-bar-baz`. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}
