import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

/** Removes the tests that installed packages brought. */
export const dropPackageTests: Transform = defineTransform({
  name: "drop-package-tests",
  title: "Remove the tests inside installed packages",
  safety: "opt-in",
  order: 23,
  plan: (_facts, context) => removeClaimed(context, ["package-tests"], "opt-in"),
});
