/** What was held of a file's device code while it went by. */
export interface HeldImages {
  /** The bytes of entries, by their numbers in the table, that may stand for all of a container. */
  readonly samples: ReadonlyMap<number, Uint8Array>;
  /** Of the containers among other constants, which are counted apart, those that are proven to be read as containers alone. Ascending. */
  readonly loose: Uint32Array;
}

/** Why it could not be proven what leads to the containers of a file. */
export interface UnprovenPointers extends HeldImages {
  readonly reason: string;
  /** Something may lead into a container, or is not known at all: then nothing in it may move either. */
  readonly mayLeadInside: boolean;
}

/** What leads from the rest of an ELF file to its containers of device code, with all that has to change when these move. */
export interface DevicePointers extends HeldImages {
  /** Eight bytes each, in the file, that hold the address of a container. */
  readonly places: Float64Array;
  /** By place: the container's number among those in the sections for such. */
  readonly containers: Uint32Array;
  /** Numbers of containers that must stay at their address: code computes it, or nothing that is known leads there. Ascending. */
  readonly fixed: Uint32Array;
  /** Symbols that lie in the sections of containers: where in the file each stands. */
  readonly symbols: Float64Array;
  /** The bytes of each, 24 of them, one after the other. */
  readonly symbolBytes: Uint8Array;
  /** The bytes of `.dynamic`. */
  readonly dynamic: Uint8Array;
  /** What follows the program headers: whole sections, as many as have room for one more. */
  readonly front: Uint8Array;
}
