import { validationLines } from "../formats/text/validation-lines.ts";
import { printable, printableJson } from "../lib/printable.ts";
import { mapTexts } from "../formats/text/map-texts.ts";
import type { Validation } from "./validate.ts";

/** What is wrong with an image, for people or as JSON. */
export function renderValidation(validation: Validation, format: "table" | "json"): string {
  if (format === "json") return `${printableJson(JSON.stringify({ schemaVersion: 1, ...validation }, undefined, 2))}\n`;
  return `${validationLines(mapTexts(validation, printable)).join("\n")}\n`;
}
