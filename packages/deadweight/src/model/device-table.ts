/**
 * Device code of an ELF file, in columns: container `i` has the entries from `firsts[i]` up to `firsts[i + 1]`. Offsets are of the file.
 * About 40 bytes an entry.
 */
export interface DeviceTable {
  /** Where each container begins, with its header, ascending; where it ends. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly firsts: Uint32Array;
  /** Where each entry begins, with its header. */
  readonly offsets: Float64Array;
  /** Of header and payload. */
  readonly sizes: Float64Array;
  /** 1 PTX, 2 cubin, others are not judged. */
  readonly kinds: Uint16Array;
  /** In decimal: 86. */
  readonly archs: Uint32Array;
  /** The lower 32 bits. */
  readonly flags: Uint32Array;
  /** CRC-32 of all bytes of an entry. */
  readonly checksums: Uint32Array;
  /** What the layer's blob has for each entry. */
  readonly compressed: Float64Array;
  /** The sections that the containers lie in. */
  readonly sections: readonly DeviceSection[];
  /** Numbers of containers that lie among other constants, not in these sections. Ascending. */
  readonly loose: Uint32Array;
  /** Why the sections can't be taken apart, when they can't. */
  readonly problem?: string;
}

/** A section of containers: `.nv_fatbin`, or `__nv_relfatbin` for device code that is linked when it is loaded. */
export interface DeviceSection {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}
