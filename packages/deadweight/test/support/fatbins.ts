/** An entry of a test container; a cubin unless told, its payload bytes of its number. */
export interface TestImage {
  /** 1 PTX, 2 cubin, 8 LTO-IR. */
  readonly kind?: number;
  readonly arch: number;
  readonly suffix?: "a" | "f";
  /** Of the payload, a multiple of 8. */
  readonly size?: number;
  readonly fill?: number;
  /** Of the header with its tail, a multiple of 8. */
  readonly headerSize?: number;
}

/** A container of device code, as nvcc writes one. */
export function containerOf(images: readonly TestImage[]): Buffer {
  const entries = images.map(entryOf);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0xba55ed50, 0);
  header.writeUInt16LE(1, 4);
  header.writeUInt16LE(16, 6);
  header.writeBigUInt64LE(BigInt(entries.reduce((sum, { length }) => sum + length, 0)), 8);
  return Buffer.concat([header, ...entries]);
}

/** Containers from a short text: `e86 p75, e90a` are two, with two images and one; each image has `size` bytes and more. */
export function containersFrom(text: string, size = 4096): readonly Buffer[] {
  return text.split(",").map((container, number) =>
    containerOf(
      container
        .trim()
        .split(" ")
        .map((image, place): TestImage => {
          const [, kind, arch, suffix] = /^([epl])(\d+)([af]?)$/.exec(image) ?? [];
          const kinds: Readonly<Record<string, number>> = { e: 2, p: 1, l: 8 };
          return {
            kind: kinds[kind ?? ""] ?? 2,
            arch: Number(arch),
            ...(suffix === "a" || suffix === "f" ? { suffix } : {}),
            size: size + 8 * place,
            fill: (number * 16 + place + 1) % 256,
            headerSize: 64 + 8 * (place % 3),
          };
        }),
    ),
  );
}

function entryOf({ kind = 2, arch, suffix, size = 64, fill = 0xab, headerSize = 64 }: TestImage): Buffer {
  const entry = Buffer.alloc(headerSize + size, fill);
  entry.fill(0, 0, headerSize);
  entry.writeUInt16LE(kind, 0);
  entry.writeUInt16LE(0x101, 2);
  entry.writeUInt32LE(headerSize, 4);
  entry.writeBigUInt64LE(BigInt(size), 8);
  entry.writeUInt32LE(arch, 0x1c);
  entry.writeUInt32LE(0x11 + (suffix === "a" ? 0x100000 : suffix === "f" ? 0x200000 : 0), 0x28);
  return entry;
}
