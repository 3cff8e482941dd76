import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/dockerfile/parse-dockerfile.ts";
import { stepLines } from "../../../src/pipeline/build/step-lines.ts";

const text = `ARG V=1
FROM debian:$V AS build
# a comment
RUN make && \\
    # in between
    make install
ENV A=$V
FROM debian:$V
WORKDIR /x
COPY --from=build /a /a
RUN true
RUN true
`;
const lineOf = stepLines(parseDockerfile(text));
const line = (place: string, step: string): number | undefined => lineOf({ place, text: step, isCached: false });

test("a step is found by its text, comments and continued lines left out", () => {
  assert.equal(line("4/9", "RUN make && make install"), 4);
  assert.equal(line("build 2/2", "RUN make && make install"), 4);
  assert.equal(line("stage-1 3/5", "COPY --from=build /a /a"), 10);
});

test("one whose text stands there twice, or was expanded, is found by its number", () => {
  assert.equal(line("stage-1 4/5", "RUN true"), 11);
  assert.equal(line("stage-1 5/5", "RUN true"), 12);
  assert.equal(line("linux/amd64 stage-1 5/5", "RUN true"), 12);
  assert.equal(line("9/9", "RUN true"), 12);
  assert.equal(line("stage-1 1/5", "FROM docker.io/library/debian:1"), 8);
  assert.equal(line("4/9", "ENV A=1"), 7);
});

test("a step of the base image has no line", () => {
  assert.equal(line("build 9/9", "RUN from-onbuild"), undefined);
  assert.equal(line("stage-1 2/5", "RUN from-onbuild"), undefined);
  assert.equal(line("?", "FETCH"), undefined);
});
