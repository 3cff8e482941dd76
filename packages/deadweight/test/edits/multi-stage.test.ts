import assert from "node:assert/strict";
import { test } from "node:test";
import { multiStage } from "../../src/edits/multi-stage.ts";
import { edited, proposalsOf } from "../support/editing.ts";

test("what is set and copied before stands in both stages, packages for building in the first alone", () => {
  assert.equal(
    edited(
      multiStage,
      "FROM python:3.12-slim\nENV A=1\nRUN apt-get update && apt-get install -y build-essential curl libpq-dev libpq5\nCOPY requirements.txt .\nRUN pip install -r requirements.txt psycopg2\nRUN pip install b\nUSER 1\nCMD x\n",
    ),
    "FROM python:3.12-slim AS build\nENV A=1\nRUN apt-get update && apt-get install -y build-essential curl libpq-dev libpq5\nCOPY requirements.txt .\n" +
      'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nRUN pip install -r requirements.txt psycopg2\nRUN pip install b\n\n' +
      "FROM python:3.12-slim\nENV A=1\nRUN apt-get update && apt-get install -y --no-install-recommends curl libpq5 && rm -rf /var/lib/apt/lists/*\n" +
      'ENV PATH="/opt/venv/bin:$PATH"\nCOPY --from=build /opt/venv /opt/venv\nCOPY requirements.txt .\nUSER 1\nCMD x\n',
  );
});

const start = "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y gcc\n";

test("it is left alone where the two could differ", () => {
  for (const text of [
    `${start}RUN pip install numpy\n`,
    `${start.replace("gcc", "gcc libfoo-dev")}RUN pip install psycopg2\n`,
    `${start.replace("gcc", "gcc a=1")}RUN pip install psycopg2\n`,
    `${start}USER app\nRUN pip install psycopg2\n`,
    `${start}RUN pip install --user psycopg2\n`,
    `${start}RUN pip install -e .\n`,
    `${start}RUN pip install psycopg2 && ./setup\n`,
    `${start}RUN pip install psycopg2\nRUN make\n`,
    `${start}RUN pip install psycopg2\nCMD ["/usr/local/bin/uvicorn"]\n`,
    start.replace("python:3.11-slim", "debian") + "RUN pip install psycopg2\n",
    start.replace("slim", "slim AS x") + "RUN pip install psycopg2\n",
    `FROM a AS b\n${start}RUN pip install psycopg2\n`,
    "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y gcc && pip install psycopg2\n",
  ]) {
    assert.equal(edited(multiStage, text), text);
  }
});

test("why not is said", () => {
  const { notes } = proposalsOf(multiStage, `${start.replace("gcc", "gcc libfoo-dev")}RUN pip install psycopg2\n`);
  assert.match(notes[0]?.message ?? "", /the library of libfoo-dev is not known/);
});
