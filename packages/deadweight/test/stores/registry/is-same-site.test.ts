import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameSite } from "../../../src/stores/registry/is-same-site.ts";

const same: readonly (readonly [string, string])[] = [
  ["registry-1.docker.io", "auth.docker.io"],
  ["registry.gitlab.com", "gitlab.com"],
  ["registry.example.com", "auth.example.com"],
  ["a.registry.company.co.uk", "login.company.co.uk"],
  ["registry.example", "registry.example"],
  ["registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"],
  ["127.0.0.1", "localhost"],
  ["[::1]", "127.0.0.1"],
  ["10.0.0.1", "10.0.0.1"],
];

const different: readonly (readonly [string, string])[] = [
  ["registry.example.com", "example.org"],
  ["registry.example.com", "registry.example.com.evil.org"],
  ["registry.example.com", "evilexample.com"],
  ["registry.company.co.uk", "evil.co.uk"],
  ["mine.azurecr.io", "yours.azurecr.io"],
  ["1.dkr.ecr.eu-west-1.amazonaws.com", "evil.s3.amazonaws.com"],
  ["10.0.0.1", "10.0.0.2"],
  ["10.0.0.1", "1.0.0.1"],
  ["[fe80::1]", "[fe80::2]"],
  ["127.0.0.1", "127.0.0.1.evil.org"],
  ["registry.example.com", "localhost"],
  ["registry", "auth"],
];

test("hosts of one registrable domain are the same site", () => {
  for (const [one, other] of same) assert.equal(isSameSite(one, other), true, `${one} ${other}`);
});

test("other hosts are not, nor are customers of one provider", () => {
  for (const [one, other] of different) {
    assert.equal(isSameSite(one, other), false, `${one} ${other}`);
    assert.equal(isSameSite(other, one), false, `${other} ${one}`);
  }
});
