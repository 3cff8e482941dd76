import { defineRule, type Rule } from "../contracts/rule.ts";
import { claimsWithin } from "../claims/claims-within.ts";
import { fileTree } from "../facts/file-tree.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";
import type { ImageConfig } from "../model/image.ts";

const catalogues = ["usr/share/locale", "usr/local/share/locale", "opt/conda/share/locale"];
const patterns = [
  ...catalogues.map((folder) => `${folder}/*`),
  "usr/lib/locale/*",
  "usr/share/i18n/locales",
  "usr/share/i18n/charmaps",
];

/** Translations and locales that the image's environment does not ask for. */
export const locales: Rule = defineRule({
  name: "locales",
  title: "Locales and translations of other languages",
  meaning:
    "Packages bring their messages in dozens of languages, and `locales-all` every locale there is (230 MB). A container " +
    "uses the one that its environment names, most often `C.UTF-8` or none. Installing 1.4 GB of packages on Debian brought " +
    "79 MB of translations.",
  measure:
    "Counts visible files below the languages' folders of `/usr/share/locale` (also `/usr/local` and conda), compiled " +
    "locales in `/usr/lib/locale`, and the sources of `/usr/share/i18n`, from which `locale-gen` makes them. What LANG, " +
    "LANGUAGE and LC_* of the image's environment name is kept, and `C`, `POSIX` and English always. `locale-archive` holds " +
    "all compiled locales: it is kept when the environment names one that is not built in.",
  risk:
    "A program that sets another locale itself, or gets it from `docker run -e LANG=…`, falls back to `C`: dates, sorting " +
    "and messages differ, and some programs (PostgreSQL's initdb, Perl with a warning) refuse a locale that is not there. " +
    "Translations inside applications and Python packages are not touched.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const kept = keptLocales(facts.image.config);
    const claims = claimsWithin(tree, patterns, (entry) => !isKept(tree.path(entry), kept));
    if (claims.length === 0) return [];
    const count = countOf(claims.length, "file");
    return [
      {
        message: `${count} of locales and translations that the environment does not name (${keptText(kept)})`,
        safety: "opt-in",
        remedy:
          "path-exclude=/usr/share/locale/* in /etc/dpkg/dpkg.cfg.d before the packages are installed, or a slim base image",
        claims,
      },
    ];
  },
});

/** Locales that the environment names, as written there: `de_DE.UTF-8`. */
function keptLocales({ environment }: ImageConfig): readonly string[] {
  const values = environment.flatMap((variable) => /^(?:LANG|LANGUAGE|LC_[A-Z]+)=(.+)$/.exec(variable)?.[1]?.split(":") ?? []);
  return [...new Set(values)].filter((value) => languageOf(value) !== undefined && !isBuiltIn(value));
}

/** glibc has C, POSIX and since 2.35 C.UTF-8 without any file. */
function isBuiltIn(locale: string): boolean {
  return /^(?:C|POSIX)(?:\.|$)/i.test(locale);
}

/** `de` of `de_DE.UTF-8@euro`. */
function languageOf(locale: string): string | undefined {
  return /^(?:[a-z]{2,3}|C|POSIX)(?=$|[_.@])/.exec(locale)?.[0];
}

/** The locale that a file is for: the folder's name, for a source in i18n the file's. */
function localeOf(path: ByteString): string | undefined {
  return /\/locales?\/([^/]+)/.exec(path)?.[1]?.replace(/\.gz$/, "");
}

function isKept(path: ByteString, kept: readonly string[]): boolean {
  if (path.startsWith("usr/share/i18n/")) return false;
  if (path === "usr/lib/locale/locale-archive") return kept.length > 0;
  const language = languageOf(localeOf(path) ?? "");
  // Files beside the folders, such as locale.alias, are no locale.
  if (language === undefined || isBuiltIn(language) || language === "en") return true;
  return kept.some((locale) => languageOf(locale) === language);
}

function keptText(kept: readonly string[]): string {
  return kept.length === 0 ? "it names none but C" : `it names ${someOf(kept)}`;
}
