/** What `promote` has begun or done, written down before anything is changed: enough to finish it and to undo it. */
export interface Promotion {
  readonly schemaVersion: 1;
  readonly state: "begun" | "done" | "undoing";
  /** The process that is at it. */
  readonly owner: { readonly pid: number; readonly machine: string; readonly sinceMs: number };
  readonly dockerfile: PromotedDockerfile;
  /** Absent when no name is moved. */
  readonly image?: PromotedImage;
  /** Absent when no tag of a registry is moved. */
  readonly registry?: PromotedTag;
  /** What a rollback could not put back, in words. */
  readonly left?: readonly string[];
}

/** The Dockerfile that gives way, and the one that takes its place; hashes are sha256 in hexadecimal digits. */
export interface PromotedDockerfile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Where the verified one was read from. */
  readonly from: string;
  /** Where the old one is kept. */
  readonly old: string;
  /** Permissions of the old one. */
  readonly mode: number;
  /** Whether the change goes into a git commit. */
  readonly isCommitted: boolean;
}

/** The name that is moved at the engine. */
export interface PromotedImage {
  readonly engine: string;
  readonly name: string;
  /** What it is to mean. */
  readonly imageId: string;
  /** What it meant; absent when there was none of the name. */
  readonly previousId?: string;
  /** A name under which that is kept. */
  readonly keptAs?: string;
}

/** The tag that is moved at a registry; digests are of manifests or indexes. */
export interface PromotedTag {
  /** `docker://registry.example/team/app:1.2`. */
  readonly reference: string;
  /** What it is to mean: the image of that id at that engine, which the registry has. */
  readonly digest: string;
  readonly engine: string;
  readonly imageId: string;
  /** What it meant; absent when there was no such tag. */
  readonly previousDigest?: string;
  /** A tag that leads there from now on, so that the registry keeps it. */
  readonly keptAs?: string;
}
