/** What a test file asks of the loader. */
export interface DynamicElf {
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly runpath?: string;
  readonly rpath?: string;
  readonly interpreter?: string;
  readonly defined?: readonly string[];
  readonly undefined?: readonly string[];
  /** Versions that it needs of a library, and those that it has. */
  readonly versionsNeeded?: Readonly<Record<string, readonly string[]>>;
  readonly versions?: readonly string[];
  /** Other texts among its constants. */
  readonly constants?: readonly string[];
  readonly machine?: number;
}

const headerSize = 64;
const programHeaderSize = 56;

/** A little-endian 64-bit ELF file with one segment, whose addresses are places in the file: elf(5). */
export function dynamicElf(file: DynamicElf): Uint8Array {
  const texts = ["", ...textsOf(file)];
  const strings = Buffer.from(`${texts.join("\0")}\0`, "latin1");
  const at = (text: string): number => (text === "" ? 0 : strings.indexOf(`\0${text}\0`, 0, "latin1") + 1);
  const parts = createParts(headerSize + 3 * programHeaderSize);
  const interpreter = parts.add(Buffer.from(file.interpreter === undefined ? "" : `${file.interpreter}\0`));
  const stringsAt = parts.add(strings);
  const symbolsAt = parts.add(symbolTable(file, at));
  const count = 1 + (file.defined ?? []).length + (file.undefined ?? []).length;
  const hashAt = parts.add(words(1, count, 0, ...Array.from({ length: count }, () => 0)));
  const needsAt = parts.add(versionNeeds(file, at));
  const versionsAt = parts.add(versionDefinitions(file, at));
  const pairs: (readonly [number, number])[] = [
    ...(file.needed ?? []).map((name) => [1, at(name)] as const),
    ...(file.soname === undefined ? [] : [[14, at(file.soname)] as const]),
    ...(file.rpath === undefined ? [] : [[15, at(file.rpath)] as const]),
    ...(file.runpath === undefined ? [] : [[29, at(file.runpath)] as const]),
    [4, hashAt],
    [5, stringsAt],
    [6, symbolsAt],
    [10, strings.length],
    ...(file.versionsNeeded === undefined
      ? []
      : ([[0x6ffffffe, needsAt] as const, [0x6fffffff, Object.keys(file.versionsNeeded).length] as const] as const)),
    ...(file.versions === undefined ? [] : [[0x6ffffffc, versionsAt] as const, [0x6ffffffd, file.versions.length] as const]),
    [0, 0],
  ];
  const dynamicAt = parts.add(longs(...pairs.flat()));
  parts.add(Buffer.from((file.constants ?? []).map((text) => `\0${text}\0`).join(""), "latin1"));
  const body = parts.bytes();
  const segments = [
    [1, 4, 0, body.length],
    [2, 6, dynamicAt, pairs.length * 16],
    ...(file.interpreter === undefined ? [] : [[3, 4, interpreter, file.interpreter.length + 1]]),
  ];
  body.set(elfHeader(segments.length, file.machine ?? 62), 0);
  for (const [index, [type = 0, flags = 0, offset = 0, size = 0]] of segments.entries()) {
    const place = headerSize + programHeaderSize * index;
    body.writeUInt32LE(type, place);
    body.writeUInt32LE(flags, place + 4);
    for (const [field, value] of [offset, offset, offset, size, size].entries()) {
      body.writeBigUInt64LE(BigInt(value), place + 8 + 8 * field);
    }
  }
  return body;
}

function textsOf(file: DynamicElf): readonly string[] {
  const single = [file.soname, file.runpath, file.rpath].filter((text) => text !== undefined);
  const versions = Object.entries(file.versionsNeeded ?? {}).flatMap(([library, names]) => [library, ...names]);
  const lists = [file.needed, file.defined, file.undefined, file.versions, versions];
  return [...new Set([...single, ...lists.flatMap((list) => list ?? [])])];
}

/** Global functions; defined ones are in section 1. */
function symbolTable(file: DynamicElf, at: (text: string) => number): Buffer {
  const symbols = [
    ["", 0] as const,
    ...(file.defined ?? []).map((name) => [name, 1] as const),
    ...(file.undefined ?? []).map((name) => [name, 0] as const),
  ];
  const table = Buffer.alloc(24 * symbols.length);
  for (const [index, [name, section]] of symbols.entries()) {
    table.writeUInt32LE(at(name), 24 * index);
    table.writeUInt8(0x12, 24 * index + 4);
    table.writeUInt16LE(section, 24 * index + 6);
  }
  return table;
}

function versionNeeds({ versionsNeeded = {} }: DynamicElf, at: (text: string) => number): Buffer {
  const libraries = Object.entries(versionsNeeded);
  return Buffer.concat(
    libraries.map(([library, names], index) => {
      const size = 16 + 16 * names.length;
      const record = Buffer.alloc(size);
      record.writeUInt16LE(1, 0);
      record.writeUInt16LE(names.length, 2);
      record.writeUInt32LE(at(library), 4);
      record.writeUInt32LE(16, 8);
      record.writeUInt32LE(index === libraries.length - 1 ? 0 : size, 12);
      for (const [place, name] of names.entries()) {
        record.writeUInt32LE(at(name), 16 + 16 * place + 8);
        record.writeUInt32LE(place === names.length - 1 ? 0 : 16, 16 + 16 * place + 12);
      }
      return record;
    }),
  );
}

function versionDefinitions({ versions = [] }: DynamicElf, at: (text: string) => number): Buffer {
  return Buffer.concat(
    versions.map((name, index) => {
      const record = Buffer.alloc(28);
      record.writeUInt16LE(1, 0);
      record.writeUInt16LE(1, 6);
      record.writeUInt32LE(20, 12);
      record.writeUInt32LE(index === versions.length - 1 ? 0 : 28, 16);
      record.writeUInt32LE(at(name), 20);
      return record;
    }),
  );
}

function elfHeader(segments: number, machine: number): Buffer {
  const header = Buffer.alloc(headerSize);
  header.write("\x7fELF\x02\x01\x01", 0, "latin1");
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(BigInt(headerSize), 32);
  header.writeUInt16LE(programHeaderSize, 54);
  header.writeUInt16LE(segments, 56);
  return header;
}

interface Parts {
  /** Adds bytes and gives their place. */
  readonly add: (bytes: Uint8Array) => number;
  readonly bytes: () => Buffer;
}

function createParts(start: number): Parts {
  const parts: Uint8Array[] = [Buffer.alloc(start)];
  let end = start;
  return {
    add: (bytes) => {
      const place = end;
      parts.push(bytes);
      end += bytes.length;
      return place;
    },
    bytes: () => Buffer.concat(parts),
  };
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function longs(...values: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(values.map(BigInt)).buffer);
}
