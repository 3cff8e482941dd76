import { asRecord } from "./parse-json.ts";

/** The fields of an untrusted JSON object as texts, none of anything else; a value that is no text is given as its JSON. */
export function textValues(value: unknown): Readonly<Record<string, string>> {
  const fields = Object.entries(asRecord(value) ?? {});
  // String() of an object that has a `toString` of its own would throw.
  return Object.fromEntries(fields.map(([key, field]) => [key, typeof field === "string" ? field : JSON.stringify(field)]));
}
