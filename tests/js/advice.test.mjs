/** What a field says about its variables while one types, and what would mend it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { adviceOn, nearest, variableOf } from "../../static/editor/model/advice.js";
import { renameKey } from "../../static/editor/model/document.js";
import { preview } from "../../static/editor/model/preview.js";
import { referencesInValue } from "../../static/editor/model/references.js";
import { flow } from "./flows.mjs";

const variable = (path, certain = true) => ({ path, type: "text", label: path, source: "", node: null, sample: null, certain });
const KNOWN = [
  variable("interaction.summary"),
  variable("interaction.variables"),
  variable("interaction.from"),
  variable("steps.create_ticket.id"),
  variable("steps.create_ticket.body"),
  variable("vars.topic", false),
];
const advice = (text) => adviceOn(text, KNOWN, { open: ["contact"] });

test("what is known says nothing: members, numbers in words, any case under interaction, open roots, whole steps", () => {
  const text =
    "{{interaction.summary}} {{interaction.Summary}} {{interaction.ANI}} {{interaction.variables.plan}} {{steps.create_ticket.body.a[0].b}} {{contact.x}} {{args.n}} {{steps.create_ticket}}";
  assert.deepEqual(advice(text), []);
});

test("a slip of the keys is mended by its nearest name, everywhere in the text", () => {
  const [found, ...more] = advice("{{interaction.sumary}} and {{ interaction.sumary | upper }}");
  assert.deepEqual(more, []);
  assert.deepEqual(
    [found.kind, found.fix],
    ["unknown", { label: "Use interaction.summary", text: "{{interaction.summary}} and {{ interaction.summary | upper }}" }],
  );
});

test("the last word of a path is enough", () => {
  assert.equal(advice("{{summary}}")[0].fix.label, "Use interaction.summary");
  assert.equal(advice("{{create_ticket.id}}")[0].fix.label, "Use steps.create_ticket.id");
});

test("nothing near is nothing offered", () => assert.equal(advice("{{steps.somewhere.else_entirely}}")[0].fix, null));

test("what may be missing gets a default, once", () => {
  const [found] = advice("{{vars.topic}}, {{ vars.topic | upper }}");
  assert.deepEqual([found.kind, found.fix.text], ["maybe", '{{vars.topic | default: ""}}, {{ vars.topic | upper | default: ""}}']);
  assert.deepEqual(advice(found.fix.text), []);
});

test("a variable nothing sets is fine with a default", () => assert.deepEqual(advice('{{vars.plan | default: "free"}}'), []));

test("a filter that does not exist is named with the one that does", () => {
  const [found] = advice('{{interaction.summary | uper | default: "a | b"}}');
  assert.deepEqual([found.kind, found.fix.text], ["filter", '{{interaction.summary | upper | default: "a | b"}}']);
});

test("nearest: swapped, missing, too many letters; not what is only vaguely alike", () => {
  assert.deepEqual(
    [nearest("uppre", ["upper", "lower"]), nearest("uper", ["upper"]), nearest("jsonn", ["json"]), nearest("abcdef", ["upper"])],
    ["upper", "upper", "json", null],
  );
});

test("the origin of a path is the variable it lies in", () => assert.equal(variableOf("steps.create_ticket.body.id", KNOWN).path, "steps.create_ticket.body"));

test("a new key reaches templates, conditions, mappings, bodies, addresses, however the path is written", () => {
  const config = {
    url: "https://example.com/{{steps.old.id}}?{{steps.older.id}}",
    headers: [{ name: "X", value: '{{ steps.old.status | default: "steps.old" }}' }],
    body: { type: "json", content: '{"a": {{steps["old"].items[0]}}, "b": "{{steps[\'old\'].name | upper}}"}' },
    response_mapping: [{ path: "$.old", variable: "old", default: "{{steps.old}}" }],
    branches: [{ id: "yes", label: "steps.old", conditions: { all: [{ left: "{{steps.old.status}}", operator: "equals", right: "{{steps.old.n}}" }] } }],
  };
  const before = flow("start -> request -> end", { nodes: { request: { key: "old" }, end: { config } } });
  const after = renameKey(before, "request", "fresh").nodes.find((node) => node.id === "end").config;
  assert.deepEqual(
    referencesInValue(after).map((each) => each.path),
    [
      "steps.fresh.id",
      "steps.older.id",
      "steps.fresh.status",
      "steps.fresh.items[0]",
      "steps.fresh.name",
      "steps.fresh",
      "steps.fresh.status",
      "steps.fresh.n",
    ],
  );
  assert.equal(after.headers[0].value, '{{ steps.fresh.status | default: "steps.old" }}');
  assert.deepEqual([after.response_mapping[0].variable, after.branches[0].label], ["old", "steps.old"]);
});

test("a preview of one placeholder alone knows the value, and a filter says what it could not do", () => {
  assert.deepEqual(preview(" {{vars.list}} ", { vars: { list: [1, 2] } }).lone, { value: [1, 2] });
  assert.equal(preview("x {{vars.list}}", { vars: { list: [1] } }).lone, null);
  assert.deepEqual(preview("{{vars.a | number}}", { vars: { a: "many" } }).wrong, ["“many” is no number."]);
});
