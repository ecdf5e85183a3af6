import assert from "node:assert/strict";
import { test } from "node:test";
import { lookUp, preview, previewScope } from "../../static/editor/model/preview.js";

const scope = {
  interaction: { id: "c1", summary: 'He said "hi"', duration_seconds: 125, from: "+1" },
  vars: { tags: ["a", "b"], none: null },
  steps: { ticket: { id: 48213 } },
};
const shows = (text) => preview(text, scope).text;

test("placeholders are replaced by their values", () => assert.equal(shows("Call {{interaction.id}}, {{ steps.ticket.id }}"), "Call c1, 48213"));
test("names under interaction ignore case and know their aliases", () => {
  assert.equal(shows("{{interaction.SUMMARY}}"), 'He said "hi"');
  assert.equal(shows("{{interaction.ANI}}"), "+1");
});
test("deeper names and other roots keep their case", () => assert.equal(lookUp("vars.TAGS", scope), undefined));
test("inherited members are not values", () => assert.equal(lookUp("vars.constructor", scope), undefined));
test("what is missing shows nothing and is named", () => {
  const { text, missing, used } = preview("a{{vars.nope}}b{{vars.none | upper}}", scope);
  assert.deepEqual([text, missing, used], ["ab", ["vars.nope", "vars.none"], true]);
});
test("a default stands in for what is missing", () => assert.deepEqual(preview('{{vars.nope | default: "n/a"}}', scope).missing, []));
test("filters apply in order", () => {
  assert.equal(shows("{{ interaction.id | upper | truncate: 1 }}"), "…");
  assert.equal(shows('{{ vars.tags | join: " | " }}'), "a | b");
  assert.equal(shows("{{ vars.tags | size }}"), "2");
  assert.equal(shows("{{ interaction.summary | json }}"), '"He said \\"hi\\""');
});
test("braces in quotes are literal", () => assert.equal(shows('{{ "{{" }}'), "{{"));
test("text without placeholders is told apart", () => assert.equal(preview("plain", scope).used, false));

test("a run's real values win over the sample event and the catalogue", () => {
  const variables = [
    { path: "steps.ticket.id", sample: 1 },
    { path: "interaction.language", sample: "en" },
  ];
  const document = { nodes: [{ id: "n2", key: "ticket" }] };
  const sample = { event: { interaction: { id: "sample" } } };
  const overlay = {
    document: null,
    run: { id: "r1", event: { interaction: { id: "real" } }, vars: { ticket_no: 9 }, steps: [{ node: "n2", output: { id: 9 } }] },
  };
  const made = previewScope({ sample, overlay, document, variables });
  assert.equal(made.interaction.id, "real");
  assert.equal(made.interaction.language, "en");
  assert.equal(made.steps.ticket.id, 9);
  assert.equal(made.vars.ticket_no, 9);
});

test("without a run a variable shows what the step that sets it has written down", () => {
  const variables = [
    { path: "interaction.id", node: null, type: "text", sample: "call_1" },
    { path: "vars.topic", node: "n1", type: "text", sample: null },
    { path: "vars.count", node: "n1", type: "number", sample: null },
  ];
  const assignments = [
    { name: "topic", value: "Call {{interaction.id}}" },
    { name: "count", value: "3" },
  ];
  const made = previewScope({ sample: null, overlay: null, document: { nodes: [{ id: "n1", key: "vars", config: { assignments } }] }, variables });
  assert.deepEqual(made.vars, { topic: "Call call_1", count: 3 });
});

test("a mapped variable shows what Send brought, else what the sample answer holds", () => {
  const variables = [{ path: "vars.ticket_no", node: "n1", type: "any", sample: null }];
  const config = { response_mapping: [{ path: "$.ticket.id", variable: "ticket_no" }], sample: { ticket: { id: 1 } } };
  const given = { sample: null, overlay: null, document: { nodes: [{ id: "n1", key: "ticket", config }] }, variables };
  assert.equal(previewScope(given).vars.ticket_no, 1);
  assert.equal(previewScope({ ...given, results: new Map([["n1", { variables: { ticket_no: 48213 } }]]) }).vars.ticket_no, 48213);
});

test("in a JSON body a value outside quotes is JSON and inside quotes it is escaped", () => {
  assert.equal(
    preview('{"s": "{{interaction.summary}}", "id": {{interaction.id}}, "no": {{vars.none}}}', scope, "json").text,
    '{"s": "He said \\"hi\\"", "id": "c1", "no": null}',
  );
});
