import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCatalogue, summaryOf, conditionText } from "../../static/editor/model/catalogue.js";
import { refusal, lostWay } from "../../static/editor/model/connecting.js";
import { readDocument, removeNodes } from "../../static/editor/model/document.js";
import { referencesIn } from "../../static/editor/model/references.js";
import { variablesInScope } from "../../static/editor/model/scope.js";
import { catalogue, flow } from "./flows.mjs";

const shared = JSON.parse(readFileSync(new URL("../cases/scope.json", import.meta.url)));
const GIVEN = /^(interaction|contact|analysis|run|workspace)\b/;

for (const each of shared.cases) {
  test(`in scope: ${each.name}`, () => {
    const found = variablesInScope(readDocument(each.document), readCatalogue(shared.catalogue), each.node);
    const made = found.filter((variable) => !GIVEN.test(variable.path)).map((variable) => [variable.path, variable.certain]);
    assert.deepEqual(made.sort(), each.variables);
  });
}

test("the analysis exists only after the conversation has ended", () => {
  const paths = (kind) => variablesInScope(flow("start -> set"), catalogue, "set", { kind }).map((variable) => variable.path);
  assert.ok(paths("post_call").includes("analysis"));
  assert.ok(!paths("action").includes("analysis"));
});

test("a variable names the step it comes from", () => {
  const [status] = variablesInScope(flow("start -> request -> set"), catalogue, "set").filter((variable) => variable.path === "steps.request.status");
  assert.deepEqual([status.source, status.node, status.type, status.sample], ["request", "request", "number", 201]);
});

test("a circle may be closed only where a step waits", () => {
  const waiting = flow("start -> set -> wait -> check");
  assert.equal(refusal(waiting, catalogue, "check", "else", "set"), null);
  assert.match(refusal(flow("start -> set -> check"), catalogue, "check", "else", "set"), /circle/);
  assert.match(refusal(waiting, catalogue, "check", "else", "start"), /trigger/);
  assert.match(refusal(waiting, catalogue, "check", "else", "check"), /itself/);
});

test("what an edit leaves without a way to it is named", () => {
  const before = flow("start -> set -> request -> end");
  assert.deepEqual(lostWay(before, removeNodes(before, ["set"]), catalogue), ["end", "request"]);
});

test("summaries say in plain words what a step does", () => {
  const request = flow("request", { nodes: { request: { config: { method: "POST", url: "https://api.example.com/tickets?x=1" } } } }).nodes[0];
  assert.equal(summaryOf(request, catalogue), "POST api.example.com/tickets");
  const [wait] = flow("wait", { nodes: { wait: { config: { seconds: 7200 } } } }).nodes;
  assert.equal(summaryOf(wait, catalogue), "For some time 2 hours");
  assert.equal(summaryOf({ ...wait, config: {} }, catalogue), "For some time", "how long is not known yet");
  const conditions = {
    any: [
      { left: "{{interaction.DISPOSITION}}", operator: "equals", right: "escalated" },
      { left: "{{vars.n}}", operator: "is_set" },
    ],
  };
  assert.equal(conditionText(conditions), "disposition is escalated or n is set");
});

test("placeholders are found, literals and defaults told apart", () => {
  const found = referencesIn('a {{ vars.x | default: "}}" }} {{ "{{" }} {{steps.a["b c"].d}}');
  assert.deepEqual(
    found.map((each) => [each.path, each.hasDefault]),
    [
      ["vars.x", true],
      ['steps.a["b c"].d', false],
    ],
  );
});
