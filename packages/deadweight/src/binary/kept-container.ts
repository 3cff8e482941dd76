/** Containers with the entries that stay of each, ascending, by where they are in the file; or a copy of one from another container. */
export interface KeptContainer {
  readonly start: number;
  readonly entries: readonly ({ readonly start: number; readonly end: number } | { readonly bytes: Uint8Array })[];
}

/** The bytes of a container with what is kept of it. */
export function containerBytes({ entries }: Pick<KeptContainer, "entries">): number {
  return entries.reduce((sum, entry) => sum + ("bytes" in entry ? entry.bytes.length : entry.end - entry.start), 16);
}
