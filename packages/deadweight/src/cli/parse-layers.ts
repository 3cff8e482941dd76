import type { LayerShape } from "../index.ts";
import { UserError } from "../lib/user-error.ts";
import type { Toolkit } from "./session.ts";

/** What `--layers` takes, for the help. */
export function layersHelp({ layerLimits }: Toolkit): string {
  const names = layerLimits.map(({ name }) => name).join(", ");
  return (
    "keep; squash-own: your layers become one, the base's stay; squash: all become one; balance=N: at most N of like size, packages " +
    `kept together; balance=NAME: none larger than that platform takes: ${names}`
  );
}

/** The shape that `--layers` asks for. Throws UserError, exit 2. */
export function parseLayers(text: string, { layerLimits, parseLayerShape }: Toolkit): LayerShape {
  const shape = parseLayerShape(text);
  if (shape !== undefined) return shape;
  const names = layerLimits.map(({ name }) => name).join(", ");
  throw new UserError("usage", `layers ${text}: there is no such shape`, {
    hint: `write keep, squash-own, squash, balance=N with N from 1 to 125, or balance=NAME with one of ${names}`,
    exitCode: 2,
  });
}
