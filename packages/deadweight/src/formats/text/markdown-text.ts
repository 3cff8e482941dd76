import { printable } from "../../lib/printable.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // An entity is text: it begins no emphasis, link, code, table cell or heading (CommonMark 0.31, 2.5).
  "|": "&#124;",
  "`": "&#96;",
  "*": "&#42;",
  _: "&#95;",
  "~": "&#126;",
  "[": "&#91;",
  "]": "&#93;",
  "\\": "&#92;",
  '"': "&quot;",
  // Forges look for mentions, issue numbers and web addresses in the rendered text; an invisible space within ends that.
  "@": "@&#8203;",
  "#": "#&#8203;",
  "://": ":&#8203;//",
  "www.": "www&#8203;.",
};

/** A text that stays that text in Markdown and in HTML, in a table cell too: no markup, link, mention or control character. */
export function markdownText(text: string): string {
  return printable(text).replace(/:\/\/|www\.|#(?=\d)|[&<>|`*_~[\]\\"@]/gi, (found) => entities[found.toLowerCase()] ?? found);
}

/** The text in the type of code. */
export function markdownCode(text: string): string {
  return `<code>${markdownText(text)}</code>`;
}
