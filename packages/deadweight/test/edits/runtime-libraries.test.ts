import { test } from "node:test";
import { runtimeLibraries } from "../../src/edits/runtime-libraries.ts";
import { assertTruth, assertUntouched } from "../support/editing.ts";

test("libraries come without their headers", () => {
  assertTruth(runtimeLibraries, [
    ["RUN apt-get install -y libpq-dev curl", "RUN apt-get install -y libpq5 curl"],
    ["RUN apt-get install -y libsndfile1 libsndfile1-dev curl", "RUN apt-get install -y libsndfile1 curl"],
    [
      "RUN apt-get install -y \\\n    libsndfile1-dev \\\n    libsndfile1 \\\n    curl",
      "RUN apt-get install -y \\\n    libsndfile1 \\\n    curl",
    ],
    [
      "RUN apt-get install -y \\\n    a \\\n    # why\n    libsndfile1-dev libsndfile1",
      "RUN apt-get install -y \\\n    a \\\n    # why\n     libsndfile1",
    ],
  ]);
});

test("they stay where something compiles, or which library it is can't be told", () => {
  assertUntouched(runtimeLibraries, [
    "RUN apt-get install -y libpq-dev && make",
    "RUN apt-get install -y libpq-dev\nRUN pip install psycopg2",
    "RUN apt-get install -y libpq-dev\nRUN pip install git+https://m.example/x",
    "RUN apt-get install -y libpq-dev=15.1",
    "RUN apt-get install -y libfoo-dev",
    "RUN apt-get install -y libpq-dev && pip install a && apt-get purge -y libpq-dev",
  ]);
});
