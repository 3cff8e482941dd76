import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

/** Removes the archives of object code that rules/static-libraries knows no need for. */
export const dropStaticLibraries: Transform = defineTransform({
  name: "drop-static-libraries",
  title: "Remove static libraries that nothing is known to need",
  safety: "verified",
  order: 21,
  plan: (_facts, context) => removeClaimed(context, ["static-libraries"], "verified"),
});
