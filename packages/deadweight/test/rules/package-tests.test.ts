import assert from "node:assert/strict";
import { test } from "node:test";
import { packageTests } from "../../src/rules/package-tests.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const imageOf = (...paths: readonly string[]): ReturnType<typeof factsOf> =>
  factsOf([paths.map((path) => ({ path, content: path }))]);
const site = "usr/local/lib/python3.11/site-packages";

test("tests of Python packages with their data, those of Python itself, and IDLE", () => {
  const facts = imageOf(
    `${site}/numpy/__init__.py`,
    `${site}/numpy/tests/test_lazy.py`,
    `${site}/numpy/tests/data/big.npy`,
    `${site}/numpy/core/tests/test_api.py`,
    `${site}/tests/conftest.py`,
    "usr/lib/python3/dist-packages/pkg/test/check_test.py",
    "usr/local/lib/python3.11/test/test_os.py",
    "usr/local/lib/python3.11/test/support/__init__.py",
    "usr/local/lib/python3.11/idlelib/idle.py",
    "usr/local/lib/python3.11/os.py",
  );
  assert.deepEqual(claimedBy(packageTests, facts), [
    "0:usr/lib/python3/dist-packages/pkg/test/check_test.py",
    "0:usr/local/lib/python3.11/idlelib/idle.py",
    `0:${site}/numpy/core/tests/test_api.py`,
    `0:${site}/numpy/tests/data/big.npy`,
    `0:${site}/numpy/tests/test_lazy.py`,
    `0:${site}/tests/conftest.py`,
    "0:usr/local/lib/python3.11/test/support/__init__.py",
    "0:usr/local/lib/python3.11/test/test_os.py",
  ]);
  const [finding] = findingsOf(packageTests, facts);
  assert.equal(finding?.safety, "opt-in");
  assert.match(
    finding?.message ?? "",
    /^8 files of packages' own tests in 6 folders: \/usr\/lib\/python3\/dist-packages\/pkg\/test, /,
  );
});

test("folders of that name that are code are left alone", () => {
  const facts = imageOf(
    `${site}/django/test/client.py`,
    `${site}/django/test/__init__.py`,
    `${site}/tensorflow/_api/v2/test/__init__.py`,
    `${site}/numpy/testing/__init__.py`,
    `${site}/torch/testing/_internal/common_utils.py`,
    `${site}/astropy/tests/runner.py`,
    `${site}/astropy/tests/test_logger.py`,
    `${site}/twisted/test/test_proto.py`,
    "app/tests/test_app.py",
    "srv/test/test_it.py",
  );
  assert.deepEqual(claimedBy(packageTests, facts), []);
});

test("tests below a code folder of that name are found", () => {
  const facts = imageOf(`${site}/astropy/tests/runner.py`, `${site}/astropy/tests/tests/test_runner.py`);
  assert.deepEqual(claimedBy(packageTests, facts), [`0:${site}/astropy/tests/tests/test_runner.py`]);
});

test("npm packages: test folders of a package, __tests__ at any depth; a package called test stays", () => {
  const facts = imageOf(
    "app/node_modules/left-pad/package.json",
    "app/node_modules/left-pad/test/pad.js",
    "app/node_modules/left-pad/lib/test/helper.js",
    "app/node_modules/left-pad/lib/__tests__/a.js",
    "app/node_modules/@scope/one/package.json",
    "app/node_modules/@scope/one/tests/fixtures/package.json",
    "app/node_modules/test/package.json",
    "app/node_modules/test/index.js",
  );
  assert.deepEqual(claimedBy(packageTests, facts), [
    "0:app/node_modules/@scope/one/tests/fixtures/package.json",
    "0:app/node_modules/left-pad/lib/__tests__/a.js",
    "0:app/node_modules/left-pad/test/pad.js",
  ]);
});

test("neither Python nor npm packages: not applicable", () => {
  assert.deepEqual(packageTests.evaluate(imageOf("etc/passwd")), { notApplicable: "no Python library and no npm packages" });
});
