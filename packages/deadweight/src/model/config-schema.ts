import { z } from "zod";
import { parseBitRate } from "../lib/bit-rate.ts";
import { parseBytes } from "../lib/byte-size.ts";
import { parseDuration } from "../lib/duration.ts";
import { UserError } from "../lib/user-error.ts";
import type { Config } from "./config.ts";
import { parseGpus } from "./gpu.ts";

const text = z.string().min(1).max(4096);
const words = z.array(z.string().max(65_536)).max(256);
const portion = z.number().min(0).max(10);
const path = z.string().startsWith("/").max(4096);
const jsonPath = z.string().regex(/^\$(?:\.[^.[\]]+|\[(?:\d+|\*)\])*$/, "write a path as $.items[*].id");
const pattern = z.string().max(4096).refine(isPattern, "is no regular expression");

const bytes = z
  .string()
  .regex(/^\d+(?:\.\d+)?\s*(?:[kmgtKMGT]i?)?[bB]?$/, "write a size as 2GB or 500MiB")
  .transform((size) => parseBytes(size) ?? 0);
const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?\s*(?:ms|s|m|h)$/, "write a time as 500ms, 10s or 2m")
  .transform((time) => parseDuration(time) ?? 0);
const bandwidth = z
  .string()
  .regex(/^\d+(?:\.\d+)?\s*[kmgKMG]?(?:bit(?:\/s)?|bps|[bB]\/s)$/, "write a bandwidth as 100mbit, 1gbit or 12.5MB/s")
  .transform((rate) => parseBitRate(rate));

const http = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]{1,16}$/)
    .default("GET"),
  path,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  json: z.unknown().optional().describe("sent as JSON, in the place of body"),
});

const compare = z.strictObject({
  as: z.enum(["auto", "json", "text", "bytes", "wav", "number", "nothing"]).default("auto"),
  headers: z.array(text).default([]).describe("that must be the same"),
  ignore: z.array(jsonPath).default([]).describe("JSON values that may differ"),
  tolerance: portion.default(0).describe("by how much numbers may differ: 0.01 is 1 %"),
  pattern: pattern.optional().describe("what the candidate's answer must have, in the place of being the original's"),
});

const probe = z
  .strictObject({
    name: text,
    http: http.optional(),
    command: words.min(1).optional().describe("run in the container"),
    arguments: words.optional().describe("given to the image's entry point, in a container of its own"),
    timeout: duration.prefault("30s"),
    compare: compare.prefault({}),
  })
  .refine(
    (one) => [one.http, one.command, one.arguments].filter((kind) => kind !== undefined).length === 1,
    "needs one of http, command and arguments",
  );

const ready = z.strictObject({
  path,
  status: z.int().min(100).max(599).default(200),
  json: z.record(jsonPath, z.unknown()).optional().describe("values that the answer must have"),
  text: pattern.optional(),
});

const build = z.strictObject({
  context: text.default(".").describe("the folder that is sent, relative to this file"),
  dockerfile: text.optional().describe("relative to the context"),
  target: text.optional(),
  args: z.record(z.string().regex(/^[^=\0]+$/), z.string()).default({}),
  network: text.optional().describe("of RUN steps: host, none"),
  tag: text.optional().describe("what the image is called that is in use: promote moves this name"),
});

const service = z.strictObject({
  build: build.optional().describe("how the image is built"),
  entrypoint: words.optional(),
  command: words.optional(),
  environment: z.record(z.string().regex(/^[^=\0]+$/), z.string()).default({}),
  mounts: z
    .array(z.strictObject({ source: text, target: path, readOnly: z.boolean().default(true) }))
    .default([])
    .describe("folders of this machine, as caches of models"),
  network: z.enum(["none", "private", "host"]).optional().describe("private when it is asked over HTTP, else none"),
  port: z.int().min(1).max(65_535).optional().describe("the one that the image exposes"),
  capabilities: z.array(z.string().regex(/^[A-Z_]+$/, "write a capability as NET_BIND_SERVICE")).default([]),
  memory: bytes.optional(),
  pids: z.int().min(1).default(512),
  readOnly: z.boolean().default(false),
  gpus: z.union([z.literal("all"), z.int().min(1), z.array(text)]).optional(),
  ready: ready.optional(),
  startTimeout: duration.prefault("60s"),
  staysUp: duration.prefault("2s"),
  stopTimeout: duration.prefault("10s"),
  probes: z
    .array(probe)
    .default([])
    .refine((probes) => new Set(probes.map(({ name }) => name)).size === probes.length, "two probes have the same name"),
  measure: z
    .strictObject({
      rounds: z.int().min(3).max(100).default(5),
      requests: z.int().min(1).max(10_000).default(20),
      warmUp: z.int().min(0).max(10_000).default(3),
      tolerance: portion.default(0.15).describe("a growth of the median below this part of it is none"),
      bandwidth: bandwidth.optional().describe("of pulls, as 100mbit; they are not measured without it"),
    })
    .prefault({}),
  budgets: z
    .strictObject({
      startUp: duration.optional(),
      latency: duration.optional(),
      memory: bytes.optional(),
      gpuMemory: bytes.optional(),
      pull: duration.optional().describe("fetched at measure.bandwidth, and unpacked"),
    })
    .default({})
    .describe("what the candidate may take at most"),
});

const gpu = text.superRefine((name, context) => {
  try {
    parseGpus(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.addIssue({ code: "custom", message: `${error.message}; ${error.hint ?? ""}` });
  }
});

/** What `deadweight.yaml` must be; gives it with sizes as bytes, times as milliseconds, and defaults. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  gpus: z
    .array(gpu)
    .min(1)
    .transform((names) => parseGpus(names.join(",")))
    .optional()
    .describe("the GPUs that the images are for: names, or architectures as sm_86"),
  services: z.record(z.string().regex(/^[A-Za-z0-9][\w.-]*$/), service),
});

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
