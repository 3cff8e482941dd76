const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** Budgets for untrusted input, in bytes unless the name says otherwise. Passing one is an error that names it. */
export interface Limits {
  readonly layerBytes: number;
  readonly entriesPerLayer: number;
  /** One name or link target. */
  readonly nameBytes: number;
  /** Names, link targets and extended attributes that are kept of one layer, beside 100 bytes for each of its entries. */
  readonly metadataBytes: number;
  /** One PAX or GNU long-name record. */
  readonly specialHeaderBytes: number;
  readonly manifestBytes: number;
  readonly configBytes: number;
  readonly layers: number;
  readonly indexDepth: number;
  readonly indexEntries: number;
  /** Members of a docker-archive or an oci-archive: a thousand layers take four thousand. */
  readonly archiveMembers: number;
  /** `manifest.json` of a docker-archive. */
  readonly archiveManifestBytes: number;
  readonly symlinkHops: number;
  readonly zstdWindowBytes: number;
  /** One file that a cataloger wants whole. */
  readonly capturedFileBytes: number;
  /** All files that catalogers want from one layer. */
  readonly capturedLayerBytes: number;
  /** Uncompressed bytes for each compressed byte, after the first GiB; deflate can't pass 1,032. */
  readonly expansionRatio: number;
}

/** The defaults, from measurements of what real images hold: docs/measuring.md. */
export const defaultLimits: Limits = {
  layerBytes: 256 * GiB,
  entriesPerLayer: 5_000_000,
  nameBytes: 64 * KiB,
  metadataBytes: 64 * MiB,
  specialHeaderBytes: MiB,
  manifestBytes: 4 * MiB,
  configBytes: 8 * MiB,
  layers: 1000,
  indexDepth: 8,
  indexEntries: 1000,
  archiveMembers: 100_000,
  archiveManifestBytes: MiB,
  symlinkHops: 40,
  zstdWindowBytes: 128 * MiB,
  capturedFileBytes: 512 * MiB,
  capturedLayerBytes: GiB,
  expansionRatio: 5000,
};
