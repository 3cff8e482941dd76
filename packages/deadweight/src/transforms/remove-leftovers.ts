import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

/** A cache is among them where the container's command may read it. */
const rules = ["temporary-files", "version-control-folders", "uv-cache"];

/** Removes what a build left behind, as far as no program is known to need it. */
export const removeLeftovers: Transform = defineTransform({
  name: "remove-leftovers",
  title: "Remove temporary files and version control folders",
  safety: "verified",
  order: 31,
  plan: (_facts, context) => removeClaimed(context, rules, "verified"),
});
