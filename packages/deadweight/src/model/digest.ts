/** A content digest, `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = string;

/** What a digest looks like, whole. */
export const digestPattern: RegExp = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** Whether a text is a digest that is safe to use as a path or in a URL. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && digestPattern.test(text);
}
