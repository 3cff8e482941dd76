import assert from "node:assert/strict";
import { test } from "node:test";
import { createFacts, defineFact, type Fact } from "../../src/contracts/fact.ts";
import { factsOf } from "../support/layers.ts";

const evidence = factsOf([[{ path: "a" }]]);

test("a fact is derived once, what it is of `undefined` too, and gets the evidence", () => {
  const facts = createFacts(evidence);
  let derived = 0;
  const layers = defineFact("layers", ({ layers }) => ({ count: layers.length, turn: ++derived }));
  const nothing = defineFact("nothing", () => void derived++);
  const twice = defineFact("twice", (facts) => facts.get(layers).count * 2);
  assert.equal(facts.get(twice), 2);
  assert.equal(facts.get(layers), facts.get(layers));
  facts.get(nothing);
  facts.get(nothing);
  assert.equal(derived, 2);
});

test("facts of another image are other facts, though the name is the same", () => {
  const counter: Fact<object> = defineFact("counter", () => ({}));
  assert.notEqual(createFacts(evidence).get(counter), createFacts(evidence).get(counter));
  const namesake: Fact<string> = defineFact("counter", () => "other");
  const facts = createFacts(evidence);
  facts.get(counter);
  assert.equal(facts.get(namesake), "other");
});

test("a fact that needs itself says so; one that failed fails again, with its own error", () => {
  const facts = createFacts(evidence);
  const one: Fact<number> = defineFact("one", (facts): number => facts.get(other));
  const other: Fact<number> = defineFact("other", (facts): number => facts.get(one));
  assert.throws(() => facts.get(one), /^Error: fact one needs itself$/);
  let turns = 0;
  const failing = defineFact("failing", () => {
    turns++;
    throw new TypeError("broken");
  });
  assert.throws(() => facts.get(failing), TypeError);
  assert.throws(() => facts.get(failing), TypeError);
  assert.equal(turns, 2);
});
