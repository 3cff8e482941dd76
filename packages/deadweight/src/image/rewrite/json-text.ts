/** A value in JSON text, with its place: edits leave everything beside them as it is written, number text and escapes too. */
export interface JsonPlace {
  readonly start: number;
  readonly end: number;
  /** For an object: its members in order, equal keys too. */
  readonly members?: readonly { readonly key: string; readonly start: number; readonly value: JsonPlace }[];
  /** For an array. */
  readonly items?: readonly JsonPlace[];
}

/** Where the values of JSON text are. The text must be valid and not deep: `parseJson` has seen it. */
export function locateJson(text: string): JsonPlace {
  return locate(text, afterSpace(text, 0));
}

/** The member of an object by key, the last of equal ones as JSON.parse takes it; undefined for what is no object. */
export function memberOf(place: JsonPlace | undefined, key: string): JsonPlace | undefined {
  return place?.members?.findLast((member) => member.key === key)?.value;
}

/** The text of a value. */
export function textAt(text: string, place: JsonPlace): string {
  return text.slice(place.start, place.end);
}

/**
 * The text of an object with members replaced, added at the end, or left out (undefined); all others as they are written. What is
 * no object, or missing, becomes one.
 */
export function withMembers(
  text: string,
  place: JsonPlace | undefined,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const members = place?.members ?? [];
  const changed = new Map(Object.entries(changes));
  const kept = members
    .filter(({ key }) => !changed.has(key) || changed.get(key) !== undefined)
    .map(({ key, start, value }) => text.slice(start, value.start) + (changed.get(key) ?? textAt(text, value)));
  const keys = new Set(members.map(({ key }) => key));
  const added = [...changed].filter(([key, value]) => value !== undefined && !keys.has(key));
  return `{${[...kept, ...added.map(([key, value]) => `${JSON.stringify(key)}:${value}`)].join(",")}}`;
}

/** The text of an array with items replaced by their place in it. */
export function withItems(text: string, place: JsonPlace | undefined, changes: ReadonlyMap<number, string>): string {
  return `[${(place?.items ?? []).map((item, index) => changes.get(index) ?? textAt(text, item)).join(",")}]`;
}

function locate(text: string, start: number): JsonPlace {
  if (text[start] === "{") return locateObject(text, start);
  if (text[start] === "[") return locateArray(text, start);
  return { start, end: text[start] === '"' ? afterString(text, start) : afterWord(text, start) };
}

function locateObject(text: string, start: number): JsonPlace {
  const members: { key: string; start: number; value: JsonPlace }[] = [];
  let at = afterSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = afterString(text, at);
    const colon = afterSpace(text, keyEnd);
    const value = locate(text, afterSpace(text, colon + 1));
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, start: at, value });
    at = afterSpace(text, value.end);
    if (text[at] === ",") at = afterSpace(text, at + 1);
  }
  return { start, end: at + 1, members };
}

function locateArray(text: string, start: number): JsonPlace {
  const items: JsonPlace[] = [];
  let at = afterSpace(text, start + 1);
  while (at < text.length && text[at] !== "]") {
    const item = locate(text, at);
    items.push(item);
    at = afterSpace(text, item.end);
    if (text[at] === ",") at = afterSpace(text, at + 1);
  }
  return { start, end: at + 1, items };
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at++;
  return at;
}

function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** A number, true, false or null. */
function afterWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !",]} \t\r\n".includes(text[at] ?? "")) at++;
  return at;
}
