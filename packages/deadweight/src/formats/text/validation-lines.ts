import { someOf } from "../../lib/some-of.ts";
import { printPlatform } from "../../model/platform.ts";
import type { Problem, Report } from "../../model/report.ts";
import type { Violation } from "../../model/violation.ts";
import { printCount } from "./figures.ts";

interface Checked {
  readonly image: Report["image"];
  readonly layers: number;
  readonly violations: readonly Violation[];
  readonly problems: readonly Problem[];
}

/** Each violation with both values, and how many there are. Texts must be printable; lines are as long as they are. */
export function validationLines({ image, layers, violations, problems }: Checked): string[] {
  const name = `${image.reference} ${printPlatform(image.platform)}`;
  const odd = problems.map(({ message }) => message);
  return [
    ...violations.map(
      ({ invariant, message, location, expected, actual }) =>
        `${invariant}: ${location === undefined ? "" : `layer ${location.layer}: `}${message}: expected ${expected}, is ${actual}`,
    ),
    ...(odd.length === 0 ? [] : [`odd, but no violation: ${printCount(odd.length, "place")} (${someOf([...new Set(odd)])})`]),
    violations.length === 0
      ? `${name}: sound, ${printCount(layers, "layer")} checked`
      : `${name}: ${printCount(violations.length, "violation")}`,
  ];
}
