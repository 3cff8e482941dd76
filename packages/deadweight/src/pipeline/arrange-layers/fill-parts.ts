/** Entries that are kept together in a part where they fit, by their bytes, in order. */
export interface Unit {
  readonly sizes: readonly number[];
}

/** The part of each entry of each unit. */
export interface Filling {
  readonly partOf: readonly (readonly number[])[];
  readonly parts: number;
  /** Bytes of the largest part. */
  readonly largest: number;
}

/** Fills parts one after the other up to `most` bytes. A unit that is larger than that is divided; an entry that is, has its own part. */
export function fillUpTo(units: readonly Unit[], most: number): Filling {
  const loads: number[] = [0];
  const put = (size: number): number => {
    const load = loads.at(-1) ?? 0;
    if (load > 0 && load + size > most) loads.push(0);
    loads[loads.length - 1] = (loads.at(-1) ?? 0) + size;
    return loads.length - 1;
  };
  const partOf = units.map(({ sizes }) => {
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    if (whole > most) return sizes.map(put);
    const part = put(whole);
    return sizes.map(() => part);
  });
  return { partOf, parts: loads.length, largest: loads.reduce((one, other) => Math.max(one, other), 0) };
}

/** Fills at most so many parts, the largest of them as small as can be. */
export function fillParts(units: readonly Unit[], parts: number): Filling {
  const total = units.reduce((sum, { sizes }) => sizes.reduce((one, other) => one + other, sum), 0);
  let least = Math.ceil(total / parts);
  let most = total;
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (fillUpTo(units, middle).parts <= parts) most = middle;
    else least = middle + 1;
  }
  return fillUpTo(units, most);
}
