const mostWords = 2000;

/** Words of a shell script that may be names of programs or paths, comments left out, once each. */
export function scriptWords(text: string): readonly string[] {
  const words = new Set<string>();
  for (const line of text.split("\n")) {
    for (const word of line.replace(/(?:^|\s)#.*$/, "").split(/[\s;&|()<>"'`=]+/)) {
      if (/^[\w/.][\w/.+@-]{1,300}$/.test(word) && /[A-Za-z]/.test(word)) words.add(word);
    }
    if (words.size > mostWords) break;
  }
  return [...words];
}
