import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteIndex } from "../../../src/image/rewrite/rewrite-index.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const manifest = "application/vnd.oci.image.manifest.v1+json";

const item = (letter: string, more = ""): string =>
  `{ "mediaType":"${manifest}", "size": 1e2, "digest" : "${digest(letter)}"${more}, "platform":{"os":"linux","x":1.0} }`;
const text = (items: readonly string[]): Uint8Array =>
  Buffer.from(`{"manifests":[${items.join(",")}],"schemaVersion":2.0,"annotations":{"k\\u0041":"\\/"},"later":[ ]}`);

test("the digest and size of a descriptor change; all else stays as it is written", () => {
  const changed = rewriteIndex(
    text([item("a"), item("b", ', "data":"eA==", "urls":["https://registry.example"]')]),
    new Map([[digest("b"), { mediaType: manifest, digest: digest("c"), size: 7 }]]),
  );
  const now = item("c").replace("1e2", "7").replace(/^\{ /, "{").replace(/ \}$/, "}").replaceAll(", ", ",");
  assert.equal(Buffer.from(changed).toString(), Buffer.from(text([item("a"), now])).toString());
});

test("what is taken out leaves no other trace, and the same manifest is replaced wherever it stands", () => {
  const changes = new Map([
    [digest("a"), undefined],
    [digest("b"), { mediaType: manifest, digest: digest("c"), size: 100 }],
  ]);
  const { manifests } = JSON.parse(
    Buffer.from(rewriteIndex(text(["a", "b", "a", "b"].map((one) => item(one))), changes)).toString(),
  ) as {
    manifests: readonly { digest: string }[];
  };
  assert.deepEqual(
    manifests.map((one) => one.digest),
    [digest("c"), digest("c")],
  );
});

test("without a change the bytes are the same ones", () => {
  const bytes = text([item("a")]);
  assert.equal(rewriteIndex(bytes, new Map([[digest("f"), undefined]])), bytes);
});
