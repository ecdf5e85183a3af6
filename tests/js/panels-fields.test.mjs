import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkJson } from "../../static/editor/model/json-check.js";
import { score, search } from "../../static/editor/model/match.js";
import { recentTypes, rememberType } from "../../static/editor/model/recent.js";
import { sampleEvent } from "../../static/editor/model/sample-event.js";
import { schemaOf } from "../../static/editor/model/schema-of.js";
import { unitOf } from "../../static/editor/view/fields/duration.js";
import { RENDERERS } from "../../static/editor/view/fields/index.js";
import { numberOf } from "../../static/editor/view/fields/number.js";

test("every kind of field the server declares has a renderer", () => {
  const source = readFileSync(new URL("../../runtime/engine/fields.py", import.meta.url), "utf8");
  const kinds = [...source.matchAll(/^ {4}kind = "(\w+)"/gm)].map((match) => match[1]);
  assert.ok(kinds.length > 20);
  assert.deepEqual(
    kinds.filter((kind) => !(kind in RENDERERS)),
    [],
  );
});

test("JSON with placeholders inside and outside quotes is JSON", () => {
  assert.equal(checkJson('{"a": "{{vars.x}} and \\" {{vars.y}}", "n": {{ vars.n | default: "}}" }}}'), null);
});
test("a missing comma is found on its line", () => assert.match(checkJson('{"a": 1\n"b": 2}'), /line 2/));
test("nothing written is nothing wrong", () => assert.equal(checkJson("  "), null));

test("the start of a text counts more than the middle, letters in order least", () => {
  assert.ok(score("ticket", "tick") < score("create ticket", "tick"));
  assert.ok(score("create ticket", "tick") < score("chatticket", "tick"));
  assert.ok(score("set variable", "sv") > score("chatticket", "tick"));
  assert.equal(score("ticket", "xyz"), null);
});
test("a search finds by name before it finds by other words", () => {
  const items = [
    { name: "Wait", words: ["request later"] },
    { name: "API request", words: ["http"] },
  ];
  assert.deepEqual(
    search(items, "request", (each) => [each.name, ...each.words]).map((each) => each.name),
    ["API request", "Wait"],
  );
});

test("the types used last come first, once each", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  for (const type of ["a", "b", "a"]) rememberType(storage, type);
  assert.deepEqual(recentTypes(storage), ["a", "b"]);
});
test("a store that holds rubbish is an empty one", () => assert.deepEqual(recentTypes({ getItem: () => "{" }), []));

test("a schema is made from an example", () => {
  assert.deepEqual(schemaOf({ ok: true, n: 1, list: ["a"] }), {
    type: "object",
    properties: { ok: { type: "boolean" }, n: { type: "integer" }, list: { type: "array", items: { type: "string" } } },
    required: ["ok", "n", "list"],
  });
});

test("an action is tried with a value for each of its inputs", () => {
  const inputs = [
    { name: "order_id", type: "integer" },
    { name: "size", type: "string", enum: ["S", "M"] },
  ];
  const document = { nodes: [{ id: "start", type: "action_called", config: { inputs } }], edges: [] };
  const catalogue = { types: new Map([["action_called", { trigger: true, ports: [] }]]) };
  assert.deepEqual(sampleEvent("action", document, catalogue).args, { order_id: 1, size: "S" });
});

test("durations show in the largest whole unit", () => assert.deepEqual([90, 120, 7200, 86400, 0, null].map(unitOf), [1, 60, 3600, 86400, 1, 1]));
test("half a number stays what was typed, nothing is null", () =>
  assert.deepEqual(["3", "", " 2.5 ", "{{vars.n}}", "-"].map(numberOf), [3, null, 2.5, "{{vars.n}}", "-"]));
