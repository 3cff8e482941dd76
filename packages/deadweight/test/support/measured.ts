import type { Life } from "../../src/model/observation.ts";
import { lifeOf } from "./observed.ts";

/** Lives of which a quantity was measured: these values. */
export function livesWith(values: readonly number[], of: (value: number) => Partial<Life>): readonly Life[] {
  return values.map((value) => lifeOf(of(value)));
}

/** Ten values around a middle, up to 5 % away from it. */
export function around(middle: number): readonly number[] {
  return [-5, 4, -3, 2, -1, 0, 1, -2, 3, 5].map((percent) => middle * (1 + percent / 100));
}
