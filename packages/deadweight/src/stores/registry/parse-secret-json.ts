import { asRecord } from "../../lib/parse-json.ts";

/** A JSON text as an object; undefined when it is anything else. No error tells why: V8's message quotes the text, and the text is secret. */
export function parseSecretJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
