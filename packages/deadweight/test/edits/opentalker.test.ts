import assert from "node:assert/strict";
import { test } from "node:test";
import { rewrite } from "../../src/index.ts";
import { folderWith, rewriteOptions } from "../support/rewriting.ts";

// Shaped like the speech-to-text service whose hand-made plan this product comes from, with the mistakes of that plan.
const before = `FROM nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04

ENV DEBIAN_FRONTEND=noninteractive \\
    PYTHONUNBUFFERED=1

RUN apt-get update && apt-get install -y \\
    python3.11 python3.11-dev python3-pip \\
    ffmpeg libsndfile1 libsndfile1-dev \\
    build-essential curl ca-certificates

WORKDIR /app

RUN python3.11 -m pip install torch==2.5.1 torchaudio==2.5.1 --index-url https://registry.example/whl/cu121
RUN python3.11 -m pip install fastapi>=0.115.0 "uvicorn[standard]">=0.30.0 transformers librosa soundfile "numpy<2"

RUN find /usr/local/lib/python3.11 -type d -name __pycache__ -exec rm -rf {} + && \\
    find /usr/local/lib/python3.11 -type f -name "*.pyc" -delete

RUN useradd --create-home app
COPY . /app
RUN chown -R app:app /app

EXPOSE 8001
HEALTHCHECK --interval=30s --start-period=60s CMD curl -f http://localhost:8001/health || exit 1
CMD ["python3.11", "-m", "uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8001"]
`;

const after = `FROM nvidia/cuda:12.1.0-base-ubuntu22.04

ENV DEBIAN_FRONTEND=noninteractive \\
    PYTHONUNBUFFERED=1

RUN apt-get update && apt-get install --no-install-recommends -y \\
    python3.11 python3.11-dev python3-pip \\
    ffmpeg libsndfile1 \\
    gcc libc6-dev curl ca-certificates && rm -rf /var/lib/apt/lists/*

WORKDIR /app

RUN python3.11 -m pip install --no-cache-dir torch==2.5.1 torchaudio==2.5.1 --index-url https://registry.example/whl/cu121 && find /usr/local/lib/python3.11 -type d -name __pycache__ -exec rm -rf {} + && \\
    find /usr/local/lib/python3.11 -type f -name "*.pyc" -delete
RUN python3.11 -m pip install --no-cache-dir "fastapi>=0.115.0" "uvicorn[standard]>=0.30.0" transformers librosa soundfile "numpy<2" && find /usr/local/lib/python3.11 -type d -name __pycache__ -exec rm -rf {} + && \\
    find /usr/local/lib/python3.11 -type f -name "*.pyc" -delete


RUN useradd --create-home app
COPY --chown=app:app . /app
RUN chown app:app /app

EXPOSE 8001
HEALTHCHECK --interval=30s --start-period=60s CMD curl -f http://localhost:8001/health || exit 1
CMD ["python3.11", "-m", "uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8001"]
`;

test("every plan of the original document is proposed, and nothing else is touched", async () => {
  const result = await rewrite(folderWith({ Dockerfile: before }), rewriteOptions());
  assert.equal(result.after, after);
  const again = await rewrite(folderWith({ Dockerfile: after }), rewriteOptions());
  assert.deepEqual([again.after, again.changes], [after, []]);
});

test("its mistakes are named", async () => {
  const { changes } = await rewrite(folderWith({ Dockerfile: before }), rewriteOptions());
  const messageOf = (rule: string): string => changes.find((change) => change.rule === rule)?.message ?? "";
  const truth: Readonly<Record<string, RegExp>> = {
    // Plan 1: a smaller CUDA base, since the wheels bring the same libraries.
    "base-image": /which the frameworks bring themselves/,
    // Plan 2: fewer system packages. It took all of build-essential, with the gcc that Triton calls.
    "drop-build-tools": /build-essential/,
    "runtime-libraries": /libsndfile1-dev/,
    "no-install-recommends": /only recommend/,
    "same-layer-cleanup": /apt's lists/,
    // Plan 3: caches. Its find in a RUN of its own frees nothing.
    "merge-late-cleanup": /in a RUN of its own frees nothing: the bytes are in the layers of lines 13, 14/,
    "pip-no-cache": /cache folder/,
    // Requirements without quotes.
    "quoted-requirements": /the versions are lost: fastapi>=0\.115\.0, uvicorn\[standard\]>=0\.30\.0/,
    "copy-ownership": /chown stores again/,
  };
  for (const [rule, message] of Object.entries(truth)) assert.match(messageOf(rule), message, rule);
});

test("what Triton calls stays, and the hunk says so", async () => {
  const { changes } = await rewrite(folderWith({ Dockerfile: before }), rewriteOptions());
  assert.match(
    changes.find(({ rule }) => rule === "drop-build-tools")?.reason ?? "",
    /python3\.11-dev, gcc.*libc6-dev stay: Triton/,
  );
});

test("faster-whisper opens the base's CUDA libraries: with it the base stays, and it is said why", async () => {
  const text = before.replace("librosa", "librosa faster-whisper");
  const result = await rewrite(folderWith({ Dockerfile: text }), rewriteOptions());
  assert.match(result.after, /^FROM nvidia\/cuda:12\.1\.0-cudnn8-runtime-ubuntu22\.04\n/);
  assert.match(
    result.notes.find(({ rule }) => rule === "base-image")?.message ?? "",
    /faster-whisper loads the system's CUDA libraries/,
  );
});
