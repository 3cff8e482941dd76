import assert from "node:assert/strict";
import { test } from "node:test";
import { dropBuildTools } from "../../src/edits/drop-build-tools.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";

test("tools are left out where nothing compiles, and purged where this RUN alone does", () => {
  assertTruth(dropBuildTools, [
    ["RUN apt-get install -y build-essential curl\nRUN pip install a", "RUN apt-get install -y curl\nRUN pip install a"],
    ["RUN apt-get install -y curl \\\n    gcc g++ \\\n    python3.11-dev", "RUN apt-get install -y curl"],
    [
      "RUN apt-get install -y gcc && pip install psycopg2",
      "RUN apt-get install -y gcc && pip install psycopg2 && apt-get purge -y --auto-remove gcc",
    ],
    [
      "RUN set -e; apt-get install -y gcc make; make -C /x",
      "RUN set -e; apt-get install -y gcc make; make -C /x; apt-get purge -y --auto-remove gcc make",
    ],
  ]);
});

test("they stay where a later RUN compiles, what is installed compiles, or they are purged already", () => {
  assertUntouched(dropBuildTools, [
    "RUN apt-get install -y gcc\nRUN pip install psycopg2",
    "RUN apt-get install -y gcc\nRUN make",
    "RUN apt-get install -y gcc\nRUN pip install deepspeed",
    "RUN apt-get install -y gcc && pip install psycopg2 && apt-get purge -y --auto-remove gcc",
    "RUN apt-get install -y $TOOLS && make && apt-get purge -y $TOOLS",
    "RUN apt-get install -y git curl",
    "RUN apt-get install -y gcc && make || true",
  ]);
});

test("why they stay is said", () => {
  const { notes } = proposalsOf(dropBuildTools, "FROM a\nRUN apt-get install -y gcc\nRUN make\n");
  assert.match(notes[0]?.message ?? "", /gcc stay: make in line 3/);
});
