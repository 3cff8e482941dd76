import { asRecord } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";

/** What an engine's answer is to those who read it. */
export interface MessageSource {
  /** What error messages begin with. */
  readonly place: string;
  /** What no line may be longer than, in characters, and the code of the UserError for one that is. */
  readonly maxLineLength: number;
  readonly code: string;
  /** What a failure while the answer is read means. */
  readonly failure: (error: unknown) => unknown;
}

/** What an engine says while it works, one JSON object a line; what is no object is passed over. Throws UserError when the answer breaks. */
export async function* readMessages(
  answer: AsyncIterable<Uint8Array>,
  { place, maxLineLength, code, failure }: MessageSource,
): AsyncIterable<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of answer) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLineLength) throw new UserError(code, `${place}: the engine answers with endless lines`);
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
