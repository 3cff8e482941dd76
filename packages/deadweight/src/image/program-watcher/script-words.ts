const mostWords = 2000;
/** Of a statement that is run whatever was before: at the margin, and with nothing that may skip it. */
const skips = /^\s|&&|\|\||^(?:if|elif|else|case|while|until|for|\[)\b|^\[/;
/** What ends the lines that are given to a program as its input. */
const hereDocument = /<<-?\s*["'\\]?(\w+)/;
const overwritten = /(?:^|[^>&|])>\s*["']?(\/[\w/.+@-]{1,300})["']?(?=[\s;&|)]|$)/g;

/**
 * Words of a shell script that may be names of programs or paths, comments left out, once each; after `>` paths of files that it writes anew, if
 * nothing else in it has their name.
 */
export function scriptWords(text: string): readonly string[] {
  const words = new Set<string>();
  const written = new Set<string>();
  let inText = "";
  for (const whole of text.split("\n")) {
    const line = whole.replace(/(?:^|\s)#.*$/, "");
    const isSure = inText === "" && !skips.test(line);
    if (whole.trim() === inText) inText = "";
    else if (inText === "") inText = hereDocument.exec(line)?.[1] ?? "";
    const rest = isSure ? line.replaceAll(overwritten, " ") : line;
    if (isSure) for (const [, path = ""] of line.matchAll(overwritten)) written.add(path);
    for (const word of rest.split(/[\s;&|()<>"'`=]+/)) {
      if (/^[\w/.][\w/.+@-]{1,300}$/.test(word) && /[A-Za-z]/.test(word)) words.add(word);
    }
    if (words.size > mostWords) break;
  }
  const read = [...words];
  return [...read, ...[...written].filter((path) => !words.has(path)).map((path) => `>${path}`)];
}
