/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are lower case; the first of two equal names stays. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

// RFC 9110, 11.2 and 11.6.1: a token is a scheme, or with `=` a parameter of the scheme before it.
const item = /[\s,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y;

/** Reads the challenges of all `WWW-Authenticate` headers, in order, up to the first character that can't be one. */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap(challengesOf);
}

function challengesOf(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const items = new RegExp(item);
  for (let found = items.exec(header); found; found = items.exec(header)) {
    const [, name = "", quoted, plain] = found;
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    const parameters = challenges.at(-1)?.parameters;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else if (parameters && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return challenges;
}
