import assert from "node:assert/strict";
import { test } from "node:test";
import { layerOrder } from "../../src/edits/layer-order.ts";
import { proposalsOf } from "../support/editing.ts";

function advice(rows: string): readonly string[] {
  const { proposals } = proposalsOf(layerOrder, `FROM a\n${rows}\n`);
  assert.deepEqual(
    proposals.flatMap(({ replacements }) => replacements),
    [],
    "it only advises",
  );
  return proposals.map(({ message }) => message);
}

test("code before packages is told, once", () => {
  for (const install of [
    "pip install -r requirements.txt",
    "apt-get install -y git",
    "npm ci",
    "uv pip install fastapi",
    "conda install numpy",
  ]) {
    assert.match(advice(`COPY . /app\nRUN ${install}`).join("\n"), /before line 3 installs packages/, install);
  }
  assert.equal(advice("COPY . .\nRUN pip install a\nRUN pip install b").length, 1);
  assert.equal(advice('COPY [".", "/app"]\nRUN pip install a').length, 1);
});

test("what is in order, or needs the code, is passed over", () => {
  const fine = [
    "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
    "COPY . .\nRUN pip install .",
    "COPY . .\nRUN pip install -e .",
    "COPY . .\nRUN make",
    "COPY --from=b . .\nRUN pip install a",
    "COPY src /app\nRUN pip install a",
  ];
  for (const rows of fine) assert.deepEqual(advice(rows), [], rows);
});
