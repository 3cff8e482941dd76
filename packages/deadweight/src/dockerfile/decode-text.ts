/** The text of a file and how it was read, which `encodeText` undoes. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin1";
}

/** Reads bytes as UTF-8 where they are, as one character a byte otherwise. A byte order mark stays in the text. */
export function decodeText(bytes: Uint8Array): DecodedText {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
}

/** The bytes of a text in the encoding that it was read in. */
export function encodeText({ text, encoding }: DecodedText): Uint8Array {
  return Buffer.from(text, encoding);
}
