import type { ByteString } from "../lib/byte-string.ts";
import type { Safety } from "../model/report.ts";
import type { Facts } from "./fact.ts";
import type { RuleFinding } from "./rule.ts";

/** A part of a file's new content: bytes of its old one from `start` up to `end`, others, which are held and so few, or many zeros. */
export type ContentPiece =
  | { readonly start: number; readonly end: number }
  | { readonly bytes: Uint8Array }
  | { readonly zeros: number };

/** Where in new content a digest of another file's new content stands, which is known when that file has been read again. */
export interface DigestSlot {
  readonly at: number;
  /** The entry with the other file's content, which an edit cuts. */
  readonly of: number;
  readonly algorithm: "sha256" | "md5";
  readonly encoding: "hex" | "base64url";
  /** The MD5 in hexadecimal digits that stands there: it stays when the old content has another, so that a file changed before is still told. */
  readonly before?: string;
}

/** What happens to one stored entry of an image; entries are numbers of the `FileTree` (facts/file-tree.ts). */
export type EntryEdit =
  /** It goes, and its content with it unless a hard link that stays has it: then that one carries it. */
  | { readonly action: "remove" }
  /** It becomes a whiteout, since a layer below that is not edited would show the name again. */
  | { readonly action: "hide" }
  /** It becomes a hard link to another entry of the same layer with equal content, owner, mode, mtime and attributes. */
  | { readonly action: "link"; readonly to: number }
  /**
   * It goes from its layer, and a hard link of its path comes at the end of the lower layer of `to`, which is a file that stays there with equal
   * content, owner, mode, mtime and attributes. Before it come the visible `folders` above that this layer has not got, the outermost first.
   */
  | { readonly action: "link-below"; readonly to: number; readonly folders: readonly number[] }
  /** It takes owner, mode, mtime and attributes of a higher entry of the same path and content, which goes; or says its own for all links of it. */
  | { readonly action: "take-attributes"; readonly of: number }
  /** It keeps its header but for the size, and gets other content; bytes at `digests` are filled in before it is written. */
  | { readonly action: "rewrite"; readonly content: Uint8Array; readonly digests?: readonly DigestSlot[] }
  /**
   * It keeps its header but for the size; of its content, which must be stored whole, those pieces stay or come that are told, kept
   * ranges ascending; `size` is their sum. All names of the file have it. With `of` it takes the attributes of a higher entry of
   * the same path and old content too, which goes.
   */
  | { readonly action: "cut-content"; readonly pieces: readonly ContentPiece[]; readonly size: number; readonly of?: number };

/** One edit with its reason in words, for the list of changes. */
export interface PlannedEdit {
  readonly entry: number;
  readonly edit: EntryEdit;
  readonly reason: string;
  /** For a visible entry that goes: the lower one of its path that is seen in its place. Without it the path goes. */
  readonly instead?: number;
}

/** Edits, and what is left alone though it is of their kind, and why, in words. */
export interface NotedEdits {
  readonly edits: readonly PlannedEdit[];
  readonly notes: readonly string[];
}

/** What a transform has to respect. */
export interface PlanContext {
  /** Paths that the user wants to keep as they are. */
  readonly isKept: (path: ByteString) => boolean;
  /** Whether a layer may be rewritten: the base image's only when the user says so. */
  readonly mayEdit: (layer: number) => boolean;
  /** Whether what a layer stores may come to lie in a lower one. */
  readonly mayMove: (from: number, to: number) => boolean;
  /** Whether two layers become one, or are divided anew. */
  readonly areJoined: (one: number, other: number) => boolean;
  /** Whether an earlier transform has removed an entry. */
  readonly isRemoved: (entry: number) => boolean;
  /** What an earlier transform has decided for an entry. */
  readonly editOf: (entry: number) => EntryEdit | undefined;
  /** Whether an earlier transform wants it to be seen in place of a higher entry of its path. */
  readonly isUncovered: (entry: number) => boolean;
  /** What a rule says of the image, by the rule's name; nothing where it does not apply. */
  readonly findings: (rule: string) => readonly RuleFinding[];
}

/** One kind of change to an image. Planning never edits. */
export interface Transform {
  /** A verb and a noun in kebab-case, the name of the file: `drop-shadowed`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  readonly safety: Safety;
  /** Lower ones plan first: what they remove, later ones need not look at. */
  readonly order: number;
  /** It keeps true what others change, so it is not chosen by name: it runs unless it is skipped. */
  readonly follows?: true;
  /** Edits of distinct entries in layers that may be edited; where something of its kind is left alone, with notes. */
  readonly plan: (facts: Facts, context: PlanContext) => readonly PlannedEdit[] | NotedEdits;
}

/** Declares a transform; the identity function, for its type. */
export function defineTransform(transform: Transform): Transform {
  return transform;
}
