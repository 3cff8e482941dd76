import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

/** Removes compiled Python files that lie beside their source. */
export const dropBytecode: Transform = defineTransform({
  name: "drop-bytecode",
  title: "Remove compiled Python files beside their source",
  safety: "opt-in",
  order: 22,
  plan: (_facts, context) => removeClaimed(context, ["python-bytecode"], "opt-in"),
});
