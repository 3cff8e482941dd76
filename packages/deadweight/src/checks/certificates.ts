import { defineCheck, judged, notRun, type Check, type Comparison } from "../contracts/check.ts";
import { fileTree } from "../facts/file-tree.ts";
import { programs, programsNotRead } from "../facts/programs.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";

/** Bundles where OpenSSL, GnuTLS, Go, Java's importer and Python look: Debian, Fedora, Alpine, certifi; and settings that name others. */
const bundles = [
  "etc/ssl/certs/ca-certificates.crt",
  "etc/ssl/cert.pem",
  "etc/ssl/ca-bundle.pem",
  "etc/pki/tls/certs/ca-bundle.crt",
  "etc/pki/tls/cert.pem",
  "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "usr/lib/ssl/cert.pem",
  "**/certifi/cacert.pem",
  "**/pip/_vendor/certifi/cacert.pem",
];
const settings = /^(?:SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|AWS_CA_BUNDLE)=\/(.+)$/s;

/** Every authority that was trusted still is, at every place where programs look. */
export const certificates: Check = defineCheck({
  name: "certificates",
  title: "every certificate authority that was trusted still is",
  needs: "nothing",
  compare: (comparison) => {
    const { before, after, expected } = comparison;
    const [old, now] = [before.get(programs), after.get(programs)];
    if (old === undefined || now === undefined) return notRun(programsNotRead);
    const present = bundlesOf(comparison).filter((path) => !expected(path).has("anything"));
    if (present.length === 0) return notRun("there are no certificate authorities");
    const differences = present.flatMap((path) => {
      const had = old.certificates(before.get(fileTree).resolve(path)) ?? new Uint32Array(0);
      const entry = after.get(fileTree).resolve(path);
      const has = new Set(entry < 0 ? [] : now.certificates(entry));
      const lost = had.filter((hash) => !has.has(hash)).length;
      if (entry < 0) return [`/${textOf(path)}: gone, with ${countOf(had.length, "certificate")}`];
      return lost === 0 ? [] : [`/${textOf(path)}: ${lost} of ${countOf(had.length, "certificate")} are gone`];
    });
    return judged(differences, `${countOf(present.length, "bundle")} compared`, "bundles of certificates are not what they were");
  },
});

function bundlesOf({ before }: Comparison): readonly ByteString[] {
  const tree = before.get(fileTree);
  const named = before.image.config.environment.flatMap((line) => settings.exec(line)?.[1] ?? []);
  const found = bundles.flatMap((pattern) => [...tree.glob(pattern)].map((node) => tree.paths.path(node)));
  return [...new Set([...found, ...named])].filter(
    (path) => tree.resolve(path) >= 0 && (before.get(programs)?.certificates(tree.resolve(path))?.length ?? 0) > 0,
  );
}
