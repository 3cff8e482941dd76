/** What `promote` has begun or done, written down before anything is changed: enough to finish it and to undo it. */
export interface Promotion {
  readonly schemaVersion: 1;
  readonly state: "begun" | "done" | "undoing";
  /** The process that is at it. */
  readonly owner: { readonly pid: number; readonly machine: string; readonly sinceMs: number };
  readonly dockerfile: PromotedDockerfile;
  /** Absent when no name is moved. */
  readonly image?: PromotedImage;
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
