/** A section of a test file, filled with its number. */
export interface TestSection {
  readonly name: string;
  readonly size: number;
  /** Mapped by the loader. */
  readonly isLoaded?: boolean;
  /** Lets it begin this many bytes before the end of the section before it. */
  readonly offsetBefore?: number;
}

const headerSize = 64;

/** A little-endian 64-bit ELF file with these sections, `.shstrtab` and the section headers after them: elf(5). */
export function elfFile(sections: readonly TestSection[]): Uint8Array {
  const names = Buffer.from(`\0${[...sections.map(({ name }) => name), ".shstrtab"].join("\0")}\0`, "latin1");
  const bodies: { offset: number; size: number; flags: number; type: number; name: string }[] = [];
  let end = headerSize;
  for (const { name, size, isLoaded, offsetBefore = 0 } of sections) {
    bodies.push({ name, offset: end - offsetBefore, size, flags: isLoaded === true ? 2 : 0, type: 1 });
    end += size - offsetBefore;
  }
  bodies.push({ name: ".shstrtab", offset: end, size: names.length, flags: 0, type: 3 });
  const table = end + names.length;
  const file = Buffer.alloc(table + headerSize * (bodies.length + 1));
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(3, 16);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(headerSize, 52);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(bodies.length + 1, 60);
  file.writeUInt16LE(bodies.length, 62);
  for (const [index, { name, offset, size, flags, type }] of bodies.entries()) {
    const at = table + 64 * (index + 1);
    file.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, at);
    file.writeUInt32LE(type, at + 4);
    file.writeBigUInt64LE(BigInt(flags), at + 8);
    file.writeBigUInt64LE(BigInt(offset), at + 24);
    file.writeBigUInt64LE(BigInt(size), at + 32);
    file.fill(index + 1, offset, offset + size);
  }
  names.copy(file, end);
  return file;
}
