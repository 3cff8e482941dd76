// Layout: Linux Standard Base, "Symbol Versioning". Elf_Verneed: version, count (16 bits each), file, aux, next (32 bits each);
// Elf_Vernaux: hash, flags and index (16 bits each), name, next. Elf_Verdef: version, flags, index, count (16 bits each), hash, aux,
// next; Elf_Verdaux: name, next. Offsets are from the record that holds them.
import type { ByteString } from "../../lib/byte-string.ts";
import type { TableContext } from "./table-context.ts";

const mostRecords = 10_000;
const weak = 2;

/** The versions that a file needs, by library; weak ones left out. */
export function parseVersionNeeds(
  context: TableContext,
  start: number | undefined,
  count: number,
): readonly (readonly [library: ByteString, versions: readonly ByteString[]])[] {
  const needs: (readonly [ByteString, readonly ByteString[]])[] = [];
  for (const { at, view } of records(context, start, count, 16, 12)) {
    const library = context.textAt(view.getUint32(4, context.form.little));
    const names = [
      ...records(context, at + view.getUint32(8, context.form.little), view.getUint16(2, context.form.little), 16, 12),
    ]
      .filter((record) => Math.floor(record.view.getUint16(4, context.form.little) / weak) % 2 === 0)
      .flatMap((record) => context.textAt(record.view.getUint32(8, context.form.little)) ?? []);
    if (library !== undefined && needs.length < mostRecords) needs.push([library, names]);
  }
  return needs;
}

/** The versions that a library has for others, its own name among them. */
export function parseVersionDefinitions(context: TableContext, start: number | undefined, count: number): readonly ByteString[] {
  const names: ByteString[] = [];
  for (const { at, view } of records(context, start, count, 20, 16)) {
    // The first name is the version, the others are those that it follows.
    for (const name of records(context, at + view.getUint32(12, context.form.little), 1, 8, 4)) {
      const text = context.textAt(name.view.getUint32(0, context.form.little));
      if (text !== undefined) names.push(text);
    }
  }
  return names;
}

/** At most `count` records of a chain; `next` is where a record says how far the next one is. */
function* records(
  { form, read }: TableContext,
  start: number | undefined,
  count: number,
  size: number,
  next: number,
): Generator<{ readonly at: number; readonly view: DataView }> {
  let at = start;
  for (let index = 0; at !== undefined && index < Math.min(count, mostRecords); index++) {
    const bytes = read(at, size);
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    yield { at, view };
    const step = view.getUint32(next, form.little);
    if (step === 0) return;
    at += step;
  }
}
