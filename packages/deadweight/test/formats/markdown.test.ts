import assert from "node:assert/strict";
import { test } from "node:test";
import { markdown } from "../../src/formats/markdown.ts";
import { doubtfulReport, hostileReport, sampleReport } from "../support/sample-report.ts";

const options = { verbose: false, columns: 80, colour: false };

test("the sums, the findings, and the rest folded away", () => {
  assert.equal(
    markdown.render(sampleReport, options),
    `### deadweight: <code>docker:example/speech:1.0</code>

**1.00 GB** of 3.00 GB (33%) is dead weight. 3 layers (1 from the base image), 4,412 files. linux/amd64, <code>sha256:${"e".repeat(64)}</code>.

|  | Unpacked | Compressed |
| --- | --: | --: |
| Image | 3.00 GB | 2.00 GB |
| Dead weight | 1.00 GB | 849 MB |
| ↳ lossless | 820 MB | 790 MB |
| ↳ verified | 150 MB | 50.0 MB |
| ↳ opt-in | 30.0 MB | 9.00 MB |

| Reason | Safety | Unpacked | Compressed | What | Remedy |
| --- | --- | --: | --: | --- | --- |
| <code>pip-cache</code> | lossless | 820 MB | 790 MB | pip's cache: 14 wheels and answers of the index, torch-2.4.0 the largest | install with --no-cache-dir, or mount the cache: RUN --mount=type=cache,target=/root/.cache/pip |
| <code>build-tools</code> | verified | 150 MB | 50.0 MB | gcc-12 and 9 packages that only it needs | install, build and remove in one RUN, or build in another stage |
| <code>docs-and-manuals</code> | opt-in | 30.0 MB | 9.00 MB | manuals and documentation |  |

<details>
<summary>4 components</summary>

| Kind | Name | Unpacked | Compressed | Files |
| --- | --- | --: | --: | --: |
| python | <code>torch 2.4.0</code> | 1.70 GB | 800 MB | 900 |
| cache | <code>pip cache</code> | 820 MB | 790 MB | 14 |
| model | <code>weights.safetensors</code> | 400 MB | 380 MB | 1 |
| dpkg | <code>libc6 2.36-9</code> | 80.0 MB | 30.0 MB | 3,500 |

</details>

<details>
<summary>3 layers</summary>

| Layer | Unpacked | Compressed | From | Instruction |
| --: | --: | --: | --- | --- |
| 0 | 100 MB | 40.0 MB | base | <code>ADD file:abc in /</code> |
| 1 | 2.50 GB | 1.58 GB | own | <code>RUN apt-get install -y gcc &amp;&amp; pip install torch</code> |
| 2 | 400 MB | 380 MB | own | <code>COPY weights.safetensors /models/</code> |

</details>
`,
  );
});

test("what makes the report incomplete is not folded away", () => {
  const text = markdown.render(doubtfulReport, options);
  assert.match(text, /^\*\*2 problems: the report is incomplete\.\*\*$/m);
  assert.match(text, /^\| rule <code>python-bytecode<\/code> \| crashed: Error: no such entry \|$/m);
  assert.match(text, /^\| layer 0 <code>var\/lib\/dpkg\/status<\/code> \| could not read the status of dpkg: cut off \|$/m);
});

test("a text of the image is no markup", () => {
  const text = markdown.render(
    hostileReport("</code><img src=x onerror=alert(1)>|`*_~[a](http://b)\\\n# @team #12 www.example.org &amp;"),
    options,
  );
  assert.ok(
    text.includes(
      "&lt;/code&gt;&lt;img src=x onerror=alert(1)&gt;&#124;&#96;&#42;&#95;&#126;&#91;a&#93;(http:&#8203;//b)&#92;&#92;n# @&#8203;team #&#8203;12 www&#8203;.example.org &amp;amp;",
    ),
  );
  assert.doesNotMatch(text, /<img|\[a\]|@team|http:\/\//);
});

test("each row of a table stays one row with its cells", () => {
  const text = markdown.render(hostileReport("a|b\n| c | d |\r\n\n<details>"), options);
  const cells = new Map<string, number>();
  for (const line of text.split("\n").filter((line) => line.startsWith("|"))) {
    assert.match(line, / \|$/);
    const count = line.split("|").length - 2;
    cells.set(String(count), (cells.get(String(count)) ?? 0) + 1);
  }
  // Two lines of heading each; sums, findings, problems, components, layers.
  assert.deepEqual(Object.fromEntries(cells), { 3: 2 + 5, 6: 2 + 1, 2: 2 + 2, 5: 2 + 4 + 2 + 3 });
  assert.equal(text.match(/^<details>$/gm)?.length, 2);
});

test("a page is at most 60,000 characters, and says what it left out", () => {
  const [component] = sampleReport.components;
  assert.ok(component);
  const components = Array.from({ length: 5000 }, (_, index) => ({ ...component, name: `package-${index}-${"|".repeat(200)}` }));
  const layers = Array.from({ length: 500 }, () => ({ ...sampleReport.layers[0], instruction: "<".repeat(5000) }));
  for (const verbose of [false, true]) {
    const text = markdown.render({ ...hostileReport("@|".repeat(40_000)), components, layers } as typeof sampleReport, {
      ...options,
      verbose,
    });
    assert.ok(text.length <= 60_000, String(text.length));
    assert.match(text, /^and [\d,]+ more rows$/m);
    assert.equal(text.match(/^<details>$/gm)?.length, text.match(/^<\/details>$/gm)?.length);
  }
});
