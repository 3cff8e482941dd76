import assert from "node:assert/strict";
import { test } from "node:test";
import { multiStage } from "../../src/edits/multi-stage.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { edited, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

const apt = "RUN apt-get update && apt-get install -y gcc libc6-dev && rm -rf /var/lib/apt/lists/*";

test("a virtual environment is built in one stage and copied into the next, with all settings", () => {
  const before = `ARG V=12\nFROM --platform=linux/amd64 debian:$V AS app\nENV PATH=/opt/venv/bin:$PATH\n${apt}\nRUN python3 -m venv /opt/venv\nCOPY r.txt /\nRUN pip install psycopg2\nRUN useradd x\nUSER x\nCMD ["x"]\n`;
  const after = `ARG V=12\nFROM --platform=linux/amd64 debian:$V AS build\nENV PATH=/opt/venv/bin:$PATH\n${apt}\nRUN python3 -m venv /opt/venv\nCOPY r.txt /\nRUN pip install psycopg2\n\nFROM --platform=linux/amd64 debian:$V AS app\nENV PATH=/opt/venv/bin:$PATH\nCOPY r.txt /\nCOPY --from=build /opt/venv /opt/venv\nRUN useradd x\nUSER x\nCMD ["x"]\n`;
  assert.equal(edited(multiStage, before), after);
});

test("an upgrade of pip itself is left in the stage that builds", () => {
  const before = `FROM python:3.11\n${apt}\nRUN pip install --upgrade pip && pip install psycopg2\n`;
  assert.match(
    edited(multiStage, before),
    /pip install --upgrade pip && pip install --prefix=\/install psycopg2\n\nFROM python:3\.11\nCOPY --from=build \/install \/usr\/local\n$/,
  );
});

test("several installs go to an environment, and what is no tool or has a library is installed again", () => {
  const before =
    "FROM python:3.12-slim\nENV A=1\nRUN apt-get update && apt-get install -y build-essential curl libpq-dev\nRUN pip install psycopg2\nRUN pip install b\nUSER 1\n";
  const after =
    "FROM python:3.12-slim AS build\nENV A=1\nRUN apt-get update && apt-get install -y build-essential curl libpq-dev\n" +
    'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nRUN pip install psycopg2\nRUN pip install b\n\n' +
    "FROM python:3.12-slim\nENV A=1\nRUN apt-get update && apt-get install -y --no-install-recommends curl libpq5 && rm -rf /var/lib/apt/lists/*\n" +
    'ENV PATH="/opt/venv/bin:$PATH"\nCOPY --from=build /opt/venv /opt/venv\nUSER 1\n';
  assert.equal(edited(multiStage, before), after);
});

test("any other shape is left alone, and it is said why", () => {
  const python = "FROM python:3.11-slim\n";
  const truth: readonly (readonly [string, RegExp | undefined])[] = [
    [`${python}${apt}\nRUN pip install numpy\n`, undefined],
    [`${python}RUN pip install psycopg2\n`, undefined],
    [`${python}RUN apt-get install -y gcc libfoo-dev\nRUN pip install psycopg2\n`, /the library of libfoo-dev is not known/],
    [`${python}${apt}\nRUN pip install psycopg2 torch\n`, /torch compiles when it runs/],
    [`${python}${apt}\nRUN pip install psycopg2\nRUN make\n`, /make runs in line 4 needs the tools too/],
    [`${python}${apt}\nRUN pip install psycopg2\nRUN pip install a\nCMD ["/usr/local/bin/a"]\n`, /path of the system's Python/],
    [`${python}${apt}\nRUN pip install -e .\n`, /editable/],
    [`${python}${apt}\nRUN pip install --user psycopg2\n`, /place of their own/],
    [`${python}${apt}\nRUN pip install psycopg2 -r r.txt\n`, /r\.txt can't be read/],
    [`${python}${apt}\nUSER x\nRUN pip install psycopg2\n`, /USER stands before/],
    [`${python}${apt}\nRUN ls && pip install psycopg2\n`, /does more than install/],
    [`FROM debian\n${apt}\nRUN pip install psycopg2\n`, /official images of Python alone/],
    [`${python}${apt}\nRUN pip install psycopg2\nFROM debian\n`, undefined],
  ];
  for (const [text, note] of truth) {
    assert.equal(edited(multiStage, text), text);
    const said = proposalsOf(multiStage, text).notes.map(({ message }) => message);
    if (note === undefined) assert.deepEqual(said, [], text);
    else assert.match(said.join(), note, text);
  }
});

test("with the image the tools' layer is claimed, unless a file needs a library of it", () => {
  const text = `FROM python:3.11\n${apt}\nRUN pip install psycopg2\n`;
  const image = (needed: readonly string[]): ReturnType<typeof factsOf> =>
    factsOf(
      [
        [{ path: "usr/share/" }, { path: "etc/x", content: "x" }],
        [
          { path: "usr/share/" },
          { path: "etc/gss/" },
          { path: "usr/local/" },
          { path: "usr/bin/gcc", content: "gcc" },
          { path: "usr/lib/libgomp.so.1", content: dynamicElf({}) },
        ],
        [{ path: "usr/local/lib/p.so", content: dynamicElf({ needed }) }],
      ],
      { programs: true },
    );
  const facts = image([]);
  const [proposal] = proposalsOf(multiStage, text, { facts, layers: { 2: [1], 3: [2] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  assert.deepEqual(proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry)).sort(), [
    "etc/gss",
    "usr/bin/gcc",
    "usr/lib/libgomp.so.1",
  ]);
  const { notes } = proposalsOf(multiStage, text, { facts: image(["libgomp.so.1"]), layers: { 2: [1], 3: [2] } });
  assert.match(notes[0]?.message ?? "", /p\.so needs libgomp\.so\.1, which comes with the tools/);
});

test("what the shipped stage installs again is not counted, nor what packages' scripts write; apt's archives are cleaned where it keeps them", () => {
  const status = (name: string, more = ""): string =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n${more}`;
  const list = (name: string, path: string): { readonly path: string; readonly content: string } => ({
    path: `var/lib/dpkg/info/${name}.list`,
    content: `/.\n/${path}\n`,
  });
  const installed = [
    status("gcc", "Depends: libz9\n"),
    status("libz9"),
    status("curl", "Depends: libcurl9\n"),
    status("libcurl9"),
  ];
  const facts = factsOf([
    [{ path: "etc/x", content: "x" }],
    [
      { path: "var/lib/dpkg/status", content: installed.join("\n") },
      list("gcc", "usr/bin/gcc"),
      list("libz9", "usr/lib/libz9"),
      list("curl", "usr/bin/curl"),
      list("libcurl9", "usr/lib/curl9"),
      ...["usr/bin/gcc", "usr/lib/libz9", "usr/bin/curl", "usr/lib/curl9"].map((path) => ({ path, content: path })),
      { path: "usr/lib/written.pyc", content: "by a script" },
      { path: "var/cache/apt/archives/gcc_1_amd64.deb", content: "gcc" },
      { path: "var/cache/apt/archives/curl_1_amd64.deb", content: "curl" },
    ],
    [{ path: "opt/venv/p.py", content: "p" }],
  ]);
  const text =
    'FROM debian\nENV PATH="/opt/venv/bin:$PATH"\nRUN apt-get install -y gcc curl\nRUN python3 -m venv /opt/venv && pip install psycopg2\n';
  const world = { facts, layers: { 3: [1], 4: [2] } };
  const [proposal] = proposalsOf(multiStage, text, world).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const paths = proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry));
  assert.deepEqual(paths.filter((path) => !path.startsWith("var/lib/dpkg/info/")).toSorted(), [
    "usr/bin/gcc",
    "usr/lib/libz9",
    "var/cache/apt/archives/curl_1_amd64.deb",
    "var/cache/apt/archives/gcc_1_amd64.deb",
  ]);
  assert.match(
    edited(multiStage, text, world),
    /install -y --no-install-recommends curl && apt-get clean && rm -rf \/var\/lib\/apt\/lists\/\*\n/,
  );
});

test("byte code that pip writes of itself is not copied, that of what it installs is", () => {
  const site = "usr/local/lib/python3.11/site-packages";
  const wheel = (name: string): readonly { readonly path: string; readonly content: string }[] => [
    { path: `${site}/${name}-1.dist-info/METADATA`, content: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1\n` },
    {
      path: `${site}/${name}-1.dist-info/RECORD`,
      content: `${name}/__init__.py,,\n${name}/__pycache__/__init__.cpython-311.pyc,,\n`,
    },
    { path: `${site}/${name}/__init__.py`, content: name },
  ];
  const compiled = (name: string): { readonly path: string; readonly content: string } => ({
    path: `${site}/${name}/__pycache__/__init__.cpython-311.pyc`,
    content: `compiled ${name}`,
  });
  const facts = factsOf([
    wheel("pip"),
    [{ path: "usr/bin/gcc", content: "gcc" }],
    [
      ...["pip", "pip/__pycache__", "psycopg2"].map((folder) => ({ path: `${site}/${folder}/` })),
      ...wheel("psycopg2"),
      compiled("psycopg2"),
      compiled("pip"),
      { path: "usr/local/lib/python3.11/__pycache__/os.cpython-311.pyc", content: "compiled os" },
    ],
  ]);
  const text = `FROM python:3.11\n${apt}\nRUN pip install psycopg2\n`;
  const [proposal] = proposalsOf(multiStage, text, { facts, layers: { 2: [1], 3: [2] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  assert.deepEqual(proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry)).toSorted(), [
    "usr/bin/gcc",
    "usr/local/lib/python3.11/__pycache__/os.cpython-311.pyc",
    compiled("pip").path,
  ]);
});
