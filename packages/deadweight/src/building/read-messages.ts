import { asRecord } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";

/** One piece of progress may hold what a step printed in a burst. */
const maxLineLength = 16 * 1024 * 1024;

/** What an engine says while it builds, one JSON object a line; what is no object is passed over. Throws UserError when the answer breaks. */
export async function* readMessages(
  answer: AsyncIterable<Uint8Array>,
  place: string,
  failure: (error: unknown) => unknown,
): AsyncIterable<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of answer) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLineLength) throw new UserError("build-failed", `${place}: the engine answers with endless lines`);
      for (const line of lines) yield* messageIn(line);
    }
  } catch (error) {
    throw failure(error);
  }
  yield* messageIn(rest);
}

function messageIn(line: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const message = asRecord(JSON.parse(line));
    return message === undefined ? [] : [message];
  } catch {
    return [];
  }
}
