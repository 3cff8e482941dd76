import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

/** Removes what rules/docs-and-manuals claims: licences stay. */
export const dropDocumentation: Transform = defineTransform({
  name: "drop-documentation",
  title: "Remove documentation and manual pages, licences kept",
  safety: "opt-in",
  order: 20,
  plan: (_facts, context) => removeClaimed(context, ["docs-and-manuals"], "opt-in"),
});
