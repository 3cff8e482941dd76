import { dockerArchive } from "../../src/stores/docker-archive.ts";
import { ociArchive } from "../../src/stores/oci-archive.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { noise, outgoingImage, outgoingOf, writeOptions } from "./outgoing.ts";

// A process of its own that writes an image, so that it can be killed: SCHEME PATH ARCHITECTURE. It says when it begins and when it
// has ended.
const [scheme, path = "", architecture = ""] = process.argv.slice(2);
const store = [ociLayout, ociArchive, dockerArchive].find((candidate) => candidate.scheme === scheme);
const layers = [1, 2, 3, 4].map((seed) => ({
  archive: noise(500_000, seed),
  compression: "gzip" as const,
}));
const outgoing = outgoingOf(outgoingImage(layers, { architecture }));
const options = writeOptions({ force: true });
process.stdout.write("begin\n");
await store?.write?.(path, outgoing, options);
process.stdout.write("end\n");
