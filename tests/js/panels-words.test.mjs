import assert from "node:assert/strict";
import { test } from "node:test";
import { count, moment, problemCount, saveState } from "../../static/editor/model/words-panels.js";
import { runTitle, stepSummary } from "../../static/editor/model/words-values.js";

const saved = { status: "saved", kept: 0, message: "" };

test("an unsaved form is named and never reads as saved", () => {
  assert.equal(saveState(saved, { dirty: true, label: "Create ticket" }).text, "Unsaved: Create ticket");
});
test("what is kept here while offline is counted", () => {
  assert.equal(saveState({ status: "offline", kept: 3, message: "" }, null).text, "Offline, 3 changes kept here");
});
test("a conflict comes before everything", () => {
  assert.equal(saveState({ status: "conflict", kept: 1, message: "" }, { dirty: true, label: "x" }).text, "Conflict");
});
test("errors are counted before warnings", () => {
  assert.equal(problemCount([{ severity: "error" }, { severity: "warning" }, { severity: "warning" }]).text, "1 error, 2 warnings");
  assert.equal(problemCount([]), null);
});
test("moments near now are named", () => {
  const now = new Date(2026, 6, 2, 12, 0);
  assert.match(moment(new Date(2026, 6, 2, 9, 5).toISOString(), now), /^today /);
  assert.match(moment(new Date(2026, 6, 1, 9, 5).toISOString(), now), /^yesterday, /);
});
test("a run is named by who called", () => {
  assert.equal(runTitle({ id: "r1", event: { interaction: { channel: "phone", from: "+14155551234" } } }), "Call +14155551234");
});
test("a step is summed up by what came out of it", () => {
  assert.equal(stepSummary({ output: { status: 201, ticket_no: 48213, body: {} } }), "status 201 · ticket_no 48213");
  assert.equal(stepSummary({ error: { message: "The peer said no" } }), "The peer said no");
});
test("counting knows one and many", () => assert.deepEqual([count(1, "change"), count(2, "change")], ["1 change", "2 changes"]));
