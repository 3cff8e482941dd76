import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";

const maxLineLength = 64 * 1024;

/** Reads what an engine says while it loads an image, one JSON object a line. Throws UserError `load-failed` for an error among it. */
export async function readLoadMessages(
  answer: AsyncIterable<Uint8Array>,
  place: string,
  failure: (error: unknown) => unknown,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of answer) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLineLength) throw new UserError("load-failed", `${place}: the engine answers with endless lines`);
      for (const line of lines) checkMessage(line, place);
    }
  } catch (error) {
    throw failure(error);
  }
  checkMessage(rest, place);
}

/** `{"error": "…", "errorDetail": {"message": "…"}}`: moby's pkg/jsonmessage. */
function checkMessage(line: string, place: string): void {
  const message = parsed(line);
  const said = asRecord(message?.["errorDetail"])?.["message"] ?? message?.["error"];
  if (said === undefined) return;
  const text = (typeof said === "string" ? said : JSON.stringify(said)).trim().slice(0, 500);
  const isFull = /no space left/i.test(text);
  const why = `${place}: the engine could not load it: ${text}`;
  const hint = "make room where the engine keeps its images, for instance with docker image prune";
  throw isFull ? new UserError("no-space", why, { hint }) : new UserError("load-failed", why);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(line));
  } catch {
    return undefined;
  }
}
