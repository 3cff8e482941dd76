import type { Location } from "./report.ts";

/** Something that an image must keep and does not, with what it should be and what it is. */
export interface Violation {
  /** What must hold, in kebab-case: `link-group`, `config`. */
  readonly invariant: string;
  readonly message: string;
  readonly location?: Location;
  readonly expected: string;
  readonly actual: string;
}
