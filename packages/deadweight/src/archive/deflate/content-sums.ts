import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { UserError } from "../../lib/user-error.ts";
import { combineCrc } from "./crc-combine.ts";

/** Checksums of a stream and of its edited copy; what both share is read once for its CRC. */
export class ContentSums {
  readonly #hash = createHash("sha256");
  #memberCrc = 0;
  #crc = 0;
  #length = 0;
  #sharedCrc = 0;
  #sharedLength = 0;

  /** Bytes of the edited stream. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the source that stay. */
  kept(bytes: Uint8Array): void {
    this.#sharedCrc = crc32(bytes, this.#sharedCrc);
    this.#sharedLength += bytes.length;
    this.#length += bytes.length;
    this.#hash.update(bytes);
  }

  /** Bytes of the source that go. */
  dropped(bytes: Uint8Array): void {
    this.#join();
    this.#memberCrc = crc32(bytes, this.#memberCrc);
  }

  /** Bytes that come in their place. */
  added(bytes: Uint8Array): void {
    this.#join();
    this.#crc = crc32(bytes, this.#crc);
    this.#length += bytes.length;
    this.#hash.update(bytes);
  }

  /** Ends a member of the source. Throws UserError `corrupt-layer` when its CRC-32 is another one. */
  endMember(crc: number): void {
    this.#join();
    if (this.#memberCrc !== crc)
      throw new UserError("corrupt-layer", `gzip: a member's CRC is ${this.#memberCrc}, its trailer says ${crc}`);
    this.#memberCrc = 0;
  }

  /** CRC-32 and sha256 of the edited stream, at its end. */
  finish(): { readonly crc: number; readonly sha256: string } {
    this.#join();
    return { crc: this.#crc, sha256: this.#hash.digest("hex") };
  }

  #join(): void {
    if (this.#sharedLength === 0) return;
    this.#memberCrc = combineCrc(this.#memberCrc, this.#sharedCrc, this.#sharedLength);
    this.#crc = combineCrc(this.#crc, this.#sharedCrc, this.#sharedLength);
    this.#sharedCrc = 0;
    this.#sharedLength = 0;
  }
}
