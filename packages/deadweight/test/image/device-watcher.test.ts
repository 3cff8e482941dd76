import assert from "node:assert/strict";
import { test } from "node:test";
import { DeviceWatcher, type DeviceLimits } from "../../src/image/device-watcher.ts";
import { containersFrom } from "../support/fatbins.ts";

/** What is said of files of these containers, one after the other in a layer; and the entries whose device code is told. */
function watched(
  limits: DeviceLimits,
  ...files: string[]
): { readonly said: readonly (boolean | string)[]; readonly told: readonly number[] } {
  const watcher = new DeviceWatcher(limits);
  const said = files.map((containers, entry) => {
    const content = Buffer.concat([Buffer.from("\x7fELF    "), ...containersFrom(containers, 64)]);
    watcher.begin(content.length);
    watcher.write(content);
    return watcher.end(entry, 0, () => [{ name: ".nv_fatbin", offset: 8, size: content.length - 8 }]);
  });
  return { said, told: [...watcher.finish((places) => places).keys()] };
}

test("a file of more images than are told says so, and no part of it is told", () => {
  assert.deepEqual(watched({ ofFile: 3 }, "e75 e80, e86"), { said: [true], told: [0] });
  const { said, told } = watched({ ofFile: 2 }, "e75 e80, e86", "e86");
  assert.match(String(said[0]), /^it has more images of device code than are looked at/);
  assert.deepEqual([said[1], told], [true, [1]]);
});

test("in a layer of more images than are told each file beyond says so", () => {
  const { said, told } = watched({ ofLayer: 3 }, "e75 e80", "e75 e80", "e86");
  assert.match(String(said[1]), /^its layer has more images of device code than are looked at/);
  assert.deepEqual([said[0], said[2], told], [true, true, [0, 2]]);
});
