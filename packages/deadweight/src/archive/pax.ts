import { byteStringOf, type ByteString } from "../lib/byte-string.ts";
import { UserError } from "../lib/user-error.ts";
import { parseDecimal } from "./tar-number.ts";

/** PAX records by keyword; values are bytes. */
export type PaxRecords = ReadonlyMap<string, ByteString>;

const withoutNul = new Set(["path", "linkpath", "uname", "gname"]);

/**
 * Parses the body of a PAX header, pax(1): records `LENGTH KEYWORD=VALUE\n`, where LENGTH counts the whole record. The sparse
 * format 0.0 repeats keywords; its offsets and sizes are joined as format 0.1 has them.
 */
export function parsePax(body: Uint8Array): PaxRecords {
  const records = new Map<string, ByteString>();
  const sparse: string[] = [];
  for (let at = 0; at < body.length;) {
    const { key, value, end } = parseRecord(body, at);
    if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") {
      if ((key === "GNU.sparse.offset") !== (sparse.length % 2 === 0) || value.includes(","))
        throw malformed("sparse map out of order");
      sparse.push(value);
    } else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set("GNU.sparse.map", sparse.join(","));
  return records;
}

function parseRecord(body: Uint8Array, start: number): { key: string; value: ByteString; end: number } {
  const space = body.indexOf(0x20, start);
  const digits = space < 0 ? "" : byteStringOf(body, start, Math.min(space, start + 20));
  if (!/^[+]?[0-9]+$/.test(digits) || space - start > 19) throw malformed("a record has no length");
  const length = Number(digits);
  const end = start + length;
  if (length < 5 || end > body.length || end <= space + 1) throw malformed(`a record's length is ${digits}`);
  if (body[end - 1] !== 0x0a) throw malformed("a record does not end its line");
  const record = byteStringOf(body, space + 1, end - 1);
  const equals = record.indexOf("=");
  const key = record.slice(0, Math.max(equals, 0));
  const value = record.slice(equals + 1);
  if (key === "" || (withoutNul.has(key) ? value : key).includes("\0"))
    throw malformed("a record has no keyword, or a NUL in it");
  return { key, value, end };
}

/** A PAX time in seconds, with the fraction: `1700000000.123456789`. */
export function parsePaxTime(text: string, what: string): number {
  const dot = text.indexOf(".");
  const seconds = parseDecimal(dot < 0 ? text : text.slice(0, dot), what);
  const fraction = dot < 0 ? "" : text.slice(dot + 1);
  if (!/^[0-9]*$/.test(fraction)) throw malformed(`${what} is ${JSON.stringify(text)}`);
  // Read as one number: the sum of its two parts could be rounded twice.
  return fraction === "" ? seconds : Number(`${text.slice(0, dot)}.${fraction.slice(0, 9)}`);
}

function malformed(why: string): UserError {
  return new UserError("corrupt-layer", `PAX header: ${why}`);
}
