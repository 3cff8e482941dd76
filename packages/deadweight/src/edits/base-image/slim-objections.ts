import type { EditContext } from "../../contracts/edit.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { textOf } from "../../lib/byte-string.ts";
import type { Stage } from "../../model/dockerfile.ts";

const documents = /\/usr\/share\/(?:doc(?!\/[^/\s]+\/copyright)|man|info|locale)\b|\b(?:man-db|gettext|locale-gen|locales)\b/;
const translated = /^(?:LANGUAGE|LC_ALL|LC_MESSAGES|LANG)=(?!C\b|POSIX\b|en)./;

/** Something that reads what slim images leave out of all packages: manuals, documents, translations of messages. */
export function documentsNamed({ dockerfile, built }: EditContext, stages: readonly Stage[]): string | undefined {
  for (const { keyword, start, end, line } of stages.flatMap(({ instructions }) => instructions)) {
    const text = dockerfile.text.slice(start, end);
    const found = documents.exec(text)?.[0];
    const isRemoved = /\brm\s[^&;|]*\/usr\/share\//.test(text);
    if (found !== undefined && keyword !== "FROM" && !isRemoved) return `line ${line} names ${found}, which the slim image lacks`;
  }
  const language = built?.facts.image.config.environment.find((variable) => translated.test(variable));
  return language === undefined ? undefined : `${language} asks for translations, which the slim image lacks`;
}

// Packages of npm that node-gyp compiles, or may, when they are installed.
const compiled =
  /^(?:bcrypt|argon2|canvas|node-sass|better-sqlite3|sqlite3|bufferutil|utf-8-validate|node-pty|serialport|isolated-vm|grpc|node-gyp|libpq|pg-native|usb|re2|zeromq|deasync|leveldown|node-rdkafka|microtime)$/;

/** A package of npm that is compiled when it is installed: by the image, else by package.json in the build context. */
export function compiledModule({ built, readContextFile }: EditContext): string | undefined {
  if (built !== undefined) {
    const tree = built.facts.get(fileTree);
    const [node] = tree.glob("**/node_modules/**/build/Release/*.node");
    return node === undefined ? undefined : `/${textOf(tree.paths.path(node))} was compiled`;
  }
  const found = Object.keys(dependenciesIn(readContextFile("package.json") ?? "")).find((name) => compiled.test(name));
  return found === undefined ? undefined : `${found} may be compiled when it is installed`;
}

function dependenciesIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const root = asRecord(JSON.parse(text)) ?? {};
    return { ...asRecord(root["dependencies"]), ...asRecord(root["devDependencies"]) };
  } catch {
    return {};
  }
}
