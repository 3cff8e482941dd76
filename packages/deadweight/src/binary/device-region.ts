import type { ElfHeaders, ElfSectionHeader, ElfSegment } from "./elf-headers.ts";

/** The sections of containers in an ELF file, which lie side by side in one segment that is not written to. */
export interface DeviceRegion {
  readonly sections: readonly ElfSectionHeader[];
  readonly segment: ElfSegment;
  /** In the file; in memory it begins at `address`. */
  readonly start: number;
  readonly end: number;
  readonly address: number;
}

const names: ReadonlySet<string> = new Set([".nv_fatbin", "__nv_relfatbin"]);
const loadable = 1;
const noBits = 8;
const writable = 2;
const allocated = 2;
const compressed = 0x800;

/** Where containers are; a text says why they could not be moved. */
export function deviceRegion({ sections, segments }: ElfHeaders): DeviceRegion | string {
  const own = sections.filter(({ name, size }) => names.has(name) && size > 0).sort((one, other) => one.offset - other.offset);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return "it has no section of device code";
  if (own.length > names.size) return "it has a section of device code twice";
  for (const { name, type, flags } of own) {
    if (type === noBits || flags % 2 === 1 || Math.floor(flags / allocated) % 2 === 0 || Math.floor(flags / compressed) % 2 === 1)
      return `the section ${name} is not laid out as nvcc does`;
  }
  const [start, end] = [first.offset, last.offset + last.size];
  const gap = last === first ? 0 : last.offset - first.offset - first.size;
  if (gap < 0 || gap >= 8) return "its sections of device code do not lie side by side";
  const segment = segments.find((one) => one.type === loadable && one.offset <= start && end <= one.offset + one.fileSize);
  if (segment === undefined) return "its device code is not mapped";
  if (Math.floor(segment.flags / writable) % 2 === 1) return "its device code can be written to";
  const addressOf = (offset: number): number => segment.address + offset - segment.offset;
  if (own.some(({ address, offset }) => address !== addressOf(offset)) || addressOf(start) % 8 !== 0)
    return "the addresses of its device code contradict each other";
  return { sections: own, segment, start, end, address: addressOf(start) };
}
