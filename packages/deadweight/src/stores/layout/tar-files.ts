import { byteStringFromText, textOf, type ByteString } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Digest } from "../../model/digest.ts";
import type { FilePart, LayoutFiles } from "./layout-files.ts";
import { memberPath } from "./member-path.ts";
import { digestOfPart } from "./read-part.ts";
import type { TarIndex, TarMember } from "./tar-index.ts";

/** The files of an archive by its index. A link is followed once: to a regular member of the same archive. */
export function tarFiles(path: string, place: string, index: TarIndex): LayoutFiles {
  const digests = new Map<string, Promise<Digest>>();
  /** Each byte of the archive is hashed once, however many names lead to it. */
  const digestOf = (part: FilePart, like: Digest): Promise<Digest> => {
    const key = `${like.slice(0, 6)} ${part.offset}`;
    const digest = digests.get(key) ?? digestOfPart(part, like, place);
    digests.set(key, digest);
    return digest;
  };
  const locate = async (name: string, digest?: Digest): Promise<FilePart | undefined> => {
    const member = memberPath(byteStringFromText(name));
    if (member === undefined) throw refused(place, name, "leads out of the archive");
    const parts = new Map<number, FilePart>();
    for (const found of membersOf(index, place, member)) {
      const part = partOf(path, place, name, found);
      parts.set(part.offset, part);
    }
    return parts.size < 2 ? [...parts.values()][0] : choose([...parts.values()], { place, name, digest, digestOf });
  };
  return { place, locate };
}

/** The members with a name, or those that it links to. */
function membersOf(index: TarIndex, place: string, name: ByteString): readonly TarMember[] {
  return (index.get(name) ?? []).flatMap((member) => {
    if (member.kind !== "link") return [member];
    if (member.target === undefined) throw refused(place, textOf(name), "a link that leads out of the archive");
    const targets = index.get(member.target);
    if (targets === undefined) throw refused(place, textOf(name), `a link to ${textOf(member.target)}, which is not there`);
    return targets;
  });
}

function partOf(path: string, place: string, name: string, member: TarMember): FilePart {
  if (member.kind === "file") return { kind: "file", path, offset: member.offset, size: member.size };
  // `docker save` links a layer to the same layer of another image: one hop. More is a loop, or made to confuse.
  throw refused(place, name, member.kind === "other" ? `is ${member.what}` : "a link to a link");
}

interface Choice {
  readonly place: string;
  readonly name: string;
  readonly digest: Digest | undefined;
  readonly digestOf: (part: FilePart, like: Digest) => Promise<Digest>;
}

/** Of members with one name: the one with the digest, or any when they are the same; tar(1) would take the last. */
async function choose(parts: readonly FilePart[], choice: Choice): Promise<FilePart | undefined> {
  const digests: Digest[] = [];
  for (const part of parts) digests.push(await choice.digestOf(part, choice.digest ?? "sha256:"));
  if (choice.digest !== undefined) return parts[digests.indexOf(choice.digest)] ?? parts.at(-1);
  if (new Set(digests).size === 1) return parts[0];
  throw refused(choice.place, choice.name, `in the archive ${parts.length} times, with different content`);
}

function refused(place: string, name: string, why: string): UserError {
  return new UserError("unreadable", `${place}: ${JSON.stringify(name)}: ${why}`);
}
