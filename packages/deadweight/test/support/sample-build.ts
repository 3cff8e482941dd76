import type { Build, BuildOutcome } from "../../src/index.ts";

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const platform = { os: "linux", architecture: "amd64" };

const image = (digit: string, engineBytes: number): Build => ({
  builder: "buildkit",
  imageId: digest(digit),
  engineBytes,
  steps: [
    { text: "FROM debian", place: "1/2", line: 1, isCached: true, durationMs: 0 },
    { text: "RUN make", place: "2/2", line: 2, isCached: false, durationMs: 1500 },
  ],
  durationMs: 2000,
  contextFiles: 3,
  contextBytes: 1234,
});

/** What a build found: one edit was kept, one dropped. */
export const sampleBuild: BuildOutcome = {
  schemaVersion: 1,
  tool: { name: "deadweight", version: "0.1.0" },
  context: "/x",
  engine: "docker",
  tag: "app:1",
  original: { path: "/x/Dockerfile", sha256: "a".repeat(64), image: image("1", 190e6), tag: "app:1-original" },
  candidate: {
    path: "/x/.deadweight/Dockerfile.Dockerfile",
    sha256: "b".repeat(64),
    image: image("2", 140e6),
    tag: "app:1-candidate",
    predictedBytes: 49e6,
  },
  edits: [
    {
      edit: "pip-cache",
      line: 2,
      message: "pip keeps what it downloads",
      predictedBytes: 49e6,
      basis: "measured",
      status: "kept",
    },
    {
      edit: "build-tools",
      line: 2,
      message: "make is not needed",
      predictedBytes: 1e6,
      basis: "estimated",
      status: "dropped",
      reason: "it can't be built",
    },
  ],
  attempts: 2,
  verification: {
    schemaVersion: 1,
    tool: { name: "deadweight", version: "0.1.0" },
    before: { reference: "docker:a", digest: digest("1"), platform, tarBytes: 200e6 },
    after: { reference: "docker:b", digest: digest("2"), platform, tarBytes: 150e6 },
    passed: true,
    verdicts: [{ check: "file-tree", verdict: "same", reason: "9 paths compared" }],
    missing: [],
  },
  passed: true,
};
