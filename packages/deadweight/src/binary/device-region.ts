import type { ElfHeaders, ElfSectionHeader, ElfSegment } from "./elf-headers.ts";

/** Sections of containers in an ELF file that lie side by side. Offsets are of the file. */
export interface DeviceRegion {
  readonly sections: readonly ElfSectionHeader[];
  readonly start: number;
  readonly end: number;
}

/** All regions of containers, ascending, in one segment that is not written to. */
export interface DeviceRegions {
  readonly regions: readonly DeviceRegion[];
  readonly segment: ElfSegment;
  /** The address in memory of a place in the segment. */
  readonly addressOf: (offset: number) => number;
}

const names: ReadonlySet<string> = new Set([".nv_fatbin", "__nv_relfatbin"]);
const loadable = 1;
const noBits = 8;
const writable = 2;
const allocated = 2;
const compressed = 0x800;

/** Where containers are; a text says why they could not be moved. */
export function deviceRegions({ sections, segments }: ElfHeaders): DeviceRegions | string {
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
  if (last !== first && last.offset < first.offset + first.size) return "its sections of device code overlap";
  const segment = segments.find((one) => one.type === loadable && one.offset <= start && end <= one.offset + one.fileSize);
  if (segment === undefined) return "its device code is not mapped in one piece";
  if (Math.floor(segment.flags / writable) % 2 === 1) return "its device code can be written to";
  const addressOf = (offset: number): number => segment.address + offset - segment.offset;
  if (own.some(({ address, offset }) => address !== addressOf(offset)) || addressOf(start) % 8 !== 0)
    return "the addresses of its device code contradict each other";
  return { regions: sideBySide(own), segment, addressOf };
}

function sideBySide(sections: readonly ElfSectionHeader[]): readonly DeviceRegion[] {
  const regions: DeviceRegion[] = [];
  for (const section of sections) {
    const before = regions.at(-1);
    const end = section.offset + section.size;
    if (before !== undefined && section.offset - before.end < 8)
      regions[regions.length - 1] = { ...before, sections: [...before.sections, section], end };
    else regions.push({ sections: [section], start: section.offset, end });
  }
  return regions;
}
