import assert from "node:assert/strict";
import { test } from "node:test";
import { npmProduction } from "../../src/edits/npm-production.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { assertTruth, assertUntouched, edited, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("development dependencies and caches are left out", () => {
  assertTruth(npmProduction, [
    ["RUN npm ci", "RUN npm ci --omit=dev && npm cache clean --force"],
    ["RUN npm install -g a", "RUN npm install -g a && npm cache clean --force"],
    ["RUN npm install a", "RUN npm install a && npm cache clean --force"],
    ["RUN npm ci --omit=dev", "RUN npm ci --omit=dev && npm cache clean --force"],
    ["ENV NODE_ENV=production\nRUN npm ci", "ENV NODE_ENV=production\nRUN npm ci && npm cache clean --force"],
    ["RUN npm ci && npm run build", "RUN npm ci && npm run build && npm cache clean --force"],
    ["RUN npm ci\nRUN npx tsc", "RUN npm ci && npm cache clean --force\nRUN npx tsc"],
    ['RUN npm ci\nCMD ["npm", "run", "dev"]', 'RUN npm ci && npm cache clean --force\nCMD ["npm", "run", "dev"]'],
    ["RUN yarn install --frozen-lockfile", "RUN yarn install --frozen-lockfile && yarn cache clean"],
    ["RUN --mount=type=cache,target=/root/.npm npm ci", "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev"],
  ]);
});

test("it is left alone where nothing is kept", () => {
  assertUntouched(npmProduction, [
    "RUN npm ci --omit=dev && npm cache clean --force",
    "RUN npm ci --production && rm -rf /root/.npm",
    "RUN npm run build",
    "RUN yarn build",
    "RUN --mount=type=cache,target=/usr/local/share/.cache yarn install",
  ]);
});

test("with the image the development packages of the layer are claimed, and the links to their programs", () => {
  const imageWith = (dev?: boolean): ReturnType<typeof factsOf> =>
    factsOf([
      [{ path: "etc/x", content: "x" }],
      [
        { path: "app/node_modules/a/package.json", content: '{"name":"a","version":"1.0.0"}' },
        { path: "app/node_modules/b/package.json", content: '{"name":"b","version":"1.0.0"}' },
        { path: "app/node_modules/b/run.js", content: "run" },
        { path: "app/node_modules/.bin/b", type: "symlink", link: "../b/run.js" },
        ...(dev === undefined
          ? []
          : [
              {
                path: "app/node_modules/.package-lock.json",
                content: JSON.stringify({ packages: { "node_modules/b": { dev } } }),
              },
            ]),
      ],
    ]);
  const text = "FROM debian\nWORKDIR /app\nRUN npm ci && npm cache clean --force\n";
  const facts = imageWith(true);
  const world = { facts, layers: { 3: [1] } };
  const [proposal] = proposalsOf(npmProduction, text, world).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  assert.deepEqual(proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry)).toSorted(), [
    "app/node_modules/.bin/b",
    "app/node_modules/b/package.json",
    "app/node_modules/b/run.js",
  ]);
  assert.equal(edited(npmProduction, text, { ...world, facts: imageWith(false) }), text);
  const [untold] = proposalsOf(npmProduction, text, { ...world, facts: imageWith() }).proposals;
  assert.deepEqual(untold?.saving, { bytes: 0, source: "not known, as npm says it from version 7 on alone" });
});
