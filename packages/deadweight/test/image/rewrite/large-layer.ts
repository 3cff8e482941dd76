import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { encodeHeader } from "../../../src/archive/tar-writer.ts";
import { LayerScanner } from "../../../src/image/layer-scanner.ts";
import { rewriteImage } from "../../../src/image/rewrite/rewrite-image.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/*
 * A process of its own: rewrites an image with one layer of so many bytes, in the compression that is asked for, and prints what
 * came out and the most memory that the process took, in kB.
 */
const [bytes, kind] = [Number(process.argv[2]), process.argv[3] as "none" | "gzip" | "zstd"];
const path = join(temporaryFolder(), "layer");
writeFileSync(path, encodeHeader({ typeflag: "0", name: "big", size: bytes }));
// A hole: the content takes no room on the disk.
truncateSync(path, 512 + bytes);
const file = openSync(path, "r+");
writeSync(file, encodeHeader({ typeflag: "0", name: "gone", size: 512 }), 0, 512, 512 + bytes);
writeSync(file, Buffer.alloc(1536).fill(1, 0, 512), 0, 1536, 1024 + bytes);

const hash = createHash("sha256");
const scanner = new LayerScanner({ wanted: () => undefined, limits: defaultLimits, isPlain: true });
const buffer = Buffer.alloc(1024 * 1024);
let size = 0;
for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
  hash.update(buffer.subarray(0, count));
  scanner.write(buffer.subarray(0, count), [{ output: count, input: count }]);
  size += count;
}
closeSync(file);
const digest = `sha256:${hash.digest("hex")}`;
const index = scanner.finish({ digest, compression: "none", compressedBytes: size });
const platform = { os: "linux", architecture: "amd64" };
const config = Buffer.from(JSON.stringify({ ...platform, rootfs: { type: "layers", diff_ids: [digest] } }));
const mediaType = "application/vnd.oci.image.layer.v1.tar";
const blob = { kind: "file", path, offset: 0, size } as const;
const after = await rewriteImage(
  {
    reference: "test",
    digest,
    config: {
      platform,
      diffIds: [digest],
      history: [],
      environment: [],
      entrypoint: [],
      command: [],
      user: "",
      workingDirectory: "",
      labels: {},
    },
    annotations: {},
    layers: [{ index: 0, digest, diffId: digest, mediaType, blob, history: undefined }],
    manifestBytes: undefined,
    configBytes: config,
  },
  [index],
  new Map([[1, { action: "remove" }]]),
  {
    compression: { kind, level: 3 },
    labels: {},
    limits: defaultLimits,
    temporaryFolder: temporaryFolder(),
    signal: new AbortController().signal,
    onProgress: () => {},
  },
);
process.stdout.write(JSON.stringify({ tarBytes: after.tarBytes, maxRss: process.resourceUsage().maxRSS }));
