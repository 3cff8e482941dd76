import { readMessages } from "../../engine/read-messages.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";

const maxLineLength = 64 * 1024;

/** Reads what an engine says while it loads an image, one JSON object a line. Throws UserError `load-failed` for an error among it. */
export async function readLoadMessages(
  answer: AsyncIterable<Uint8Array>,
  place: string,
  failure: (error: unknown) => unknown,
): Promise<void> {
  for await (const message of readMessages(answer, { place, maxLineLength, code: "load-failed", failure }))
    checkMessage(message, place);
}

/** `{"error": "…", "errorDetail": {"message": "…"}}`: moby's pkg/jsonmessage. */
function checkMessage(message: Readonly<Record<string, unknown>>, place: string): void {
  const said = asRecord(message["errorDetail"])?.["message"] ?? message["error"];
  if (said === undefined) return;
  const text = (typeof said === "string" ? said : JSON.stringify(said)).trim().slice(0, 500);
  const isFull = /no space left/i.test(text);
  const why = `${place}: the engine could not load it: ${text}`;
  const hint = "make room where the engine keeps its images, for instance with docker image prune";
  throw isFull ? new UserError("no-space", why, { hint }) : new UserError("load-failed", why);
}
