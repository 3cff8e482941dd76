// Layout: deb822(5). Paragraphs are separated by empty lines; a field is `Name: value`, its name in any case; lines that
// begin with a space or a tab go on with the field before.
import type { ByteString } from "../../lib/byte-string.ts";
import { linesOf } from "../system/lines.ts";

/** The wanted fields of one paragraph, names in lower case, folded lines joined by a space. */
export type Paragraph = ReadonlyMap<string, ByteString>;

/** The paragraphs of a control file that have one of the wanted fields; anything else in it is passed over. */
export function* parseParagraphs(bytes: Uint8Array, wanted: ReadonlySet<string>): Generator<Paragraph> {
  let fields = new Map<string, ByteString>();
  let current: string | undefined;
  for (const line of linesOf(bytes)) {
    if (line.trim() === "") {
      if (fields.size > 0) yield fields;
      fields = new Map();
      current = undefined;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (current !== undefined) fields.set(current, `${fields.get(current) ?? ""} ${line.trim()}`);
    } else {
      current = addField(fields, line, wanted);
    }
  }
  if (fields.size > 0) yield fields;
}

/** The name under which a line's value was kept. */
function addField(fields: Map<string, ByteString>, line: ByteString, wanted: ReadonlySet<string>): string | undefined {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).toLowerCase();
  if (!wanted.has(name)) return undefined;
  fields.set(name, line.slice(colon + 1).trim());
  return name;
}
