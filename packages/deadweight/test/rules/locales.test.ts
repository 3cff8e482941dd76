import assert from "node:assert/strict";
import { test } from "node:test";
import { locales } from "../../src/rules/locales.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const paths = [
  "opt/conda/share/locale/sv/LC_MESSAGES/xz.mo",
  "usr/lib/locale/C.utf8/LC_CTYPE",
  "usr/lib/locale/de_DE.utf8/LC_CTYPE",
  "usr/lib/locale/locale-archive",
  "usr/share/i18n/charmaps/UTF-8.gz",
  "usr/share/i18n/locales/de_DE",
  "usr/share/locale/de/LC_MESSAGES/bash.mo",
  "usr/share/locale/en_GB/LC_MESSAGES/bash.mo",
  "usr/share/locale/locale.alias",
  "usr/share/locale/pt_BR/LC_MESSAGES/bash.mo",
  "usr/share/locale/sr@latin/LC_MESSAGES/bash.mo",
  "usr/local/lib/python3.11/site-packages/django/conf/locale/de/LC_MESSAGES/django.mo",
];

function claimed(...environment: readonly string[]): string[] {
  const facts = factsOf([paths.map((path) => ({ path, content: path }))], { config: { environment } });
  return claimedBy(locales, facts).map((path) => path.slice("0:".length));
}

const everythingForeign = [
  "opt/conda/share/locale/sv/LC_MESSAGES/xz.mo",
  "usr/lib/locale/de_DE.utf8/LC_CTYPE",
  "usr/lib/locale/locale-archive",
  "usr/share/i18n/charmaps/UTF-8.gz",
  "usr/share/i18n/locales/de_DE",
  "usr/share/locale/de/LC_MESSAGES/bash.mo",
  "usr/share/locale/pt_BR/LC_MESSAGES/bash.mo",
  "usr/share/locale/sr@latin/LC_MESSAGES/bash.mo",
];

test("without a locale in the environment, or with C, all but C and English goes; applications' own translations stay", () => {
  assert.deepEqual(claimed(), everythingForeign);
  assert.deepEqual(claimed("LANG=C.UTF-8", "LC_ALL=POSIX"), everythingForeign);
});

test("the language of LANG, LC_ALL and LANGUAGE stays, and the archive of compiled locales with it", () => {
  const german = everythingForeign.filter((path) => !/\/(?:de|de_DE\.utf8)\/|locale-archive/.test(path));
  assert.deepEqual(claimed("LANG=de_DE.UTF-8"), german);
  assert.deepEqual(claimed("LC_ALL=de_AT"), german);
  assert.deepEqual(
    claimed("LANG=en_US.UTF-8", "LANGUAGE=pt_BR:de"),
    german.filter((path) => !path.includes("pt_BR")),
  );
});

test("English in the environment keeps the archive", () => {
  assert.deepEqual(
    claimed("LANG=en_US.UTF-8"),
    everythingForeign.filter((path) => !path.endsWith("locale-archive")),
  );
});

test("the finding says which locale counts, and is for who asks by name", () => {
  const facts = factsOf([[{ path: "usr/share/locale/fr/LC_MESSAGES/a.mo" }]], { config: { environment: ["LANG=de_DE.UTF-8"] } });
  const [finding] = findingsOf(locales, facts);
  assert.equal(finding?.safety, "opt-in");
  assert.equal(finding?.message, "1 file of locales and translations that the environment does not name (it names de_DE.UTF-8)");
  assert.deepEqual(findingsOf(locales, factsOf([[{ path: "etc/passwd" }]])), []);
});
