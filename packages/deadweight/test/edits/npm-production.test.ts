import { test } from "node:test";
import { npmProduction } from "../../src/edits/npm-production.ts";
import { assertTruth, assertUntouched } from "../support/editing.ts";

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
