import assert from "node:assert/strict";
import { test } from "node:test";
import { certificates } from "../../src/checks/certificates.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Settings } from "../support/side-by-side.ts";

const authority = (name: string): string => `-----BEGIN CERTIFICATE-----\nMII${name}\nAA==\n-----END CERTIFICATE-----\n`;
const bundle: TestEntry = { path: "etc/ssl/certs/ca-certificates.crt", content: ["x", "y", "z"].map(authority).join("") };
const said = (
  before: readonly TestEntry[],
  after: readonly TestEntry[],
  settings: Settings = {},
): Promise<string | readonly string[]> => saidOf(certificates, comparisonOf(imageOf(before, settings), imageOf(after, settings)));

test("a bundle that is gone, and authorities that are", async () => {
  assert.equal(await said([bundle], [bundle]), "same");
  assert.deepEqual(await said([bundle], []), ["/etc/ssl/certs/ca-certificates.crt: gone, with 3 certificates"]);
  assert.deepEqual(await said([bundle], [{ ...bundle, content: authority("x") }]), [
    "/etc/ssl/certs/ca-certificates.crt: 2 of 3 certificates are gone",
  ]);
  assert.deepEqual(await said([bundle], [{ ...bundle, content: "" }]), [
    "/etc/ssl/certs/ca-certificates.crt: 3 of 3 certificates are gone",
  ]);
});

test("another order, more authorities, comments and line ends are no difference", async () => {
  const other = `# new\n${["w", "z", "y", "x"].map(authority).join("\n").replaceAll("\n", "\r\n")}`;
  assert.equal(await said([bundle], [{ ...bundle, content: other }]), "same");
});

test("what the environment names is looked at, links are followed, keys are none", async () => {
  const own: TestEntry = { path: "opt/own.pem", content: authority("x") };
  assert.deepEqual(await said([own], [], { Env: ["SSL_CERT_FILE=/opt/own.pem"] }), ["/opt/own.pem: gone, with 1 certificate"]);
  const link: TestEntry = { path: "etc/ssl/cert.pem", type: "symlink", link: "/opt/own.pem" };
  assert.deepEqual(await said([own, link], [link]), ["/etc/ssl/cert.pem: gone, with 1 certificate"]);
  const key: TestEntry = { path: "etc/ssl/cert.pem", content: "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n" };
  assert.equal(await said([key], []), "not-run: there are no certificate authorities");
});
