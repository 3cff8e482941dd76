import assert from "node:assert/strict";
import { test } from "node:test";
import { quotedRequirements } from "../../src/edits/quoted-requirements.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("requirements that the shell would take for redirections are quoted", () => {
  assertTruth(quotedRequirements, [
    ["RUN pip install fastapi>=0.115.0", 'RUN pip install "fastapi>=0.115.0"'],
    ["RUN pip install torch>=2.1,<3 x", 'RUN pip install "torch>=2.1,<3" x'],
    ["RUN pip install a>2 \\\n  numpy<2", 'RUN pip install "a>2" \\\n  "numpy<2"'],
    ["RUN pip install 'uvicorn[standard]'>=0.30", 'RUN pip install "uvicorn[standard]>=0.30"'],
    ["RUN pip install uvicorn[standard]>=0.30", 'RUN pip install "uvicorn[standard]>=0.30"'],
    ["RUN pip install torch>=$V", 'RUN pip install "torch>=$V"'],
    [
      "RUN uv pip install --system a>=1 && conda install -y b>=2",
      'RUN uv pip install --system "a>=1" && conda install -y "b>=2"',
    ],
    ["RUN pip install a>=1 > /tmp/log 2>&1", 'RUN pip install "a>=1" > /tmp/log 2>&1'],
  ]);
});

test("true redirections and quoted words are left alone", () => {
  assertUntouched(quotedRequirements, [
    'RUN pip install "fastapi>=0.115.0"',
    "RUN pip install a >log",
    "RUN pip install a>log",
    "RUN pip install a 2>&1",
    "RUN pip install a~=1 b==2",
    "RUN pip install -r a < list",
    "RUN echo a>=1",
    'RUN bash -c "pip install a>=1"',
    'RUN ["pip", "install", "a>=1"]',
  ]);
});

test("the file that the shell wrote is named in the image", () => {
  const facts = factsOf([[{ path: "srv/=0.115.0", content: "Collecting fastapi" }], [{ path: "other/=0.115.0", content: "x" }]]);
  const { proposals } = proposalsOf(quotedRequirements, "FROM a\nRUN pip install fastapi>=0.115.0\n", {
    facts,
    layers: { 2: [0] },
  });
  const [saving] = proposals.map((proposal) => proposal.saving);
  assert.ok(saving && "claims" in saving);
  assert.equal(saving.claims.length, 1);
});
