import type { BlobBytes } from "../../model/image.ts";
import type { Digest } from "../../model/digest.ts";

/** A run of bytes of a local file. */
export type FilePart = Extract<BlobBytes, { kind: "file" }>;

/** The files of an OCI layout or of what `docker save` wrote, in a folder or in a tar archive. */
export interface LayoutFiles {
  /** What error messages begin with: `oci folder "images"`. */
  readonly place: string;
  /**
   * Where a regular file's bytes are, by its path in the layout; undefined when there is none. `digest` decides between members
   * of an archive that share a name. Throws UserError for what leads out of the layout or is no file.
   */
  readonly locate: (path: string, digest?: Digest) => Promise<FilePart | undefined>;
}
