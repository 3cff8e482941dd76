import { seededRandom } from "./random.ts";

/**
 * `2 ** blocks` different names that FNV-1a, begun at `state`, gives one and the same value: blocks of which two each lead from one
 * state to the same next one, found by the birthday paradox.
 */
export function collidingNames(state: number, blocks: number): readonly string[] {
  const random = seededRandom(1);
  let names = [""];
  let from = state;
  for (let block = 0; block < blocks; block++) {
    const { one, other, to } = collidingPair(from, random);
    names = names.flatMap((name) => [name + one, name + other]);
    from = to;
  }
  return names;
}

function collidingPair(state: number, random: () => number): { one: string; other: string; to: number } {
  const seen = new Map<number, string>();
  for (;;) {
    const other = Math.floor(random() * 36 ** 6)
      .toString(36)
      .padStart(6, "0");
    let to = state;
    for (let at = 0; at < other.length; at++) to = Math.imul(to ^ other.charCodeAt(at), 0x01000193);
    const one = seen.get(to);
    if (one !== undefined && one !== other) return { one, other, to };
    seen.set(to, other);
  }
}
