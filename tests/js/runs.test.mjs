/** Runs on the canvas: replay, waits, why, traffic, and events as text. Pure models, no browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { portsOf } from "../../static/editor/model/catalogue.js";
import { edgeAt, nodeOf } from "../../static/editor/model/document.js";
import { firstFault, partsOf, readEvent } from "../../static/editor/model/event-text.js";
import { failedStep, fieldOfFailure } from "../../static/editor/model/failing.js";
import { marksOf, settled } from "../../static/editor/model/overlay.js";
import { previewScope } from "../../static/editor/model/preview.js";
import { positionText, runAt, shownFor, stepOfTurn, turnAt } from "../../static/editor/model/replay.js";
import { trafficMarks, widthOf } from "../../static/editor/model/traffic.js";
import { waitingOf } from "../../static/editor/model/waiting.js";
import { branchesOf, whyEdge, whyNode, whyStart } from "../../static/editor/model/why.js";
import { words } from "../../static/editor/model/words.js";
import { catalogue, flow, stateOf } from "./flows.mjs";

const document = flow("start -> check[yes] -> ticket; check[else] -> end", {
  nodes: { check: { config: { branches: [{ id: "yes", label: "Yes" }] } } },
});
let seq = 0;
const step = (node, more = {}) => ({
  seq: ++seq,
  index: 0,
  attempt: 1,
  node,
  type: "x",
  label: node,
  status: "succeeded",
  port: "next",
  reason: null,
  input: null,
  output: null,
  error: null,
  warnings: [],
  started_at: null,
  seconds: 0.01,
  ...more,
});
const compared = (result, more = {}) => ({ left: "{{vars.a}}", left_value: 1, operator: "equals", right: 1, right_value: 1, result, ...more });
const reason = (...results) => ({ branches: results.map(([id, result]) => ({ id, result, conditions: [compared(result)] })) });
const run = (steps, more = {}) => ({ id: "r", status: "succeeded", event: null, wait: null, error: null, steps, ...more });
const taken = () =>
  run([
    step("start"),
    step("check", { index: 1, port: "yes", reason: reason(["yes", true]) }),
    step("ticket", { index: 2, port: null, output: { status: 201 } }),
  ]);
const overlaid = (given, more = {}) => stateOf(document, { overlay: { run: given, version: 1, document: null, live: false, ...more } });
const marksFor = (given, more) => marksOf(overlaid(given, more));
const edge = (node, port) => edgeAt(document, node, port);
const ports = (node) => portsOf(nodeOf(document, node), catalogue);

test("a run that ended marks the way taken and says not taken of the rest", () => {
  const marks = marksFor(taken());
  assert.equal(marks.nodes.get("ticket").status, "succeeded");
  assert.equal(marks.nodes.get("end").text, "not taken");
  assert.equal(marks.edges.get(edge("check", "yes").id), "taken");
  assert.equal(marks.edges.get(edge("check", "else").id), "not_taken");
});
test("a card says what came out of its step", () => assert.equal(marksFor(taken()).nodes.get("ticket").summary, "status 201"));
test("at an earlier step only what had happened by then is marked, and nothing is called not taken", () => {
  const marks = marksFor(taken(), { at: 0 });
  assert.equal(marks.nodes.get("start").current, true);
  assert.equal(marks.nodes.has("check"), false);
  assert.equal(marks.nodes.has("end"), false);
  assert.equal(runAt({ run: taken(), at: 1 }).status, "running");
});
test("the last position is the run as it ended", () => {
  const given = taken();
  assert.equal(runAt({ run: given, at: 2 }), given);
  assert.equal(runAt({ run: given }), given);
});
test("a place in the replay is said in words", () => assert.match(positionText({ run: taken(), at: 1 }), /^Step 2 of 3 · check · done, 10 ms$/));
test("a step is shown as long as it took, never a blink and never a wait", () => {
  assert.equal(shownFor(step("a", { seconds: 0.001 }), 1), 400);
  assert.equal(shownFor(step("a", { seconds: 1 }), 2), 500);
  assert.equal(shownFor(step("a", { seconds: 86_400 }), 1), 1600);
});

test("the step that begins is lit before it is recorded, until something newer is", () => {
  const going = run([step("start", { seq: 1 })], { status: "running" });
  const started = { node: "check", after: 1 };
  assert.equal(marksFor(going, { live: true, started }).nodes.get("check").status, "running");
  const recorded = run([step("start", { seq: 1 }), step("check", { seq: 2, index: 1, port: "yes" })], { status: "running" });
  assert.equal(marksFor(recorded, { live: true, started }).nodes.get("check").status, "succeeded");
  assert.equal(marksFor(taken(), { live: false, started }).nodes.get("end").status, "not_taken");
});
test("where a run stands its lines are not decided", () => {
  const marks = marksFor(run([step("start"), step("check", { index: 1, status: "running", port: null })], { status: "running" }), { live: true });
  assert.equal(marks.edges.has(edge("check", "yes").id), false);
});

const NOW = Date.parse("2026-01-20T12:00:00Z");
test("a wait says until when and how long that is", () => {
  const waiting = waitingOf(
    run([step("check", { status: "waiting" })], { wait: { kind: "time", until: "2026-01-20T12:01:58Z", node: "check" } }),
    document,
    NOW,
  );
  assert.match(waiting.text, /^until .* · 1 min 58 s$/);
  const later = waitingOf(run([], { wait: { kind: "time", until: "2026-01-19T12:00:00Z", node: "check" } }), document, NOW);
  assert.match(later.text, /due now$/);
});
test("a retry says which try comes and when", () => {
  const retried = flow("start -> ticket", { nodes: { ticket: { settings: { retry: { max_attempts: 5 } } } } });
  const given = run([step("ticket", { status: "failed" }), step("ticket", { status: "failed", attempt: 2 })], {
    wait: { kind: "retry", until: "2026-01-20T12:00:08Z", node: "ticket" },
  });
  assert.equal(waitingOf(given, retried, NOW).text, "Try 3 of 5 in 8 s");
});
test("what a run waits for is said by its kind", () => {
  const said = (wait) => waitingOf(run([], { wait: { node: "check", until: null, ...wait } }), document, NOW).text;
  assert.equal(said({ kind: "turn", for: { why: "Zendesk: others are before it" } }), "for its turn at Zendesk: others are before it");
  assert.equal(said({ kind: "approval", for: { kind: "approval", who: "Billing" } }), "for an answer of Billing");
  assert.equal(said({ kind: "approval", for: { kind: "approval", who: "" } }), "for an answer");
  assert.equal(said({ kind: "children", for: { items: [] } }), "for the runs it started");
  assert.equal(said({ kind: "event", for: { events: ["booking.created", "sms.answered"] } }), "for booking.created or sms.answered");
});
test("what waited, or went on, in a run that was cancelled does so no longer; elsewhere it stays as it was recorded", () => {
  const steps = [step("start"), step("check", { index: 1, status: "waiting", port: null })];
  const marks = marksFor(settled(run(steps, { status: "cancelled" })));
  assert.deepEqual([marks.nodes.get("check").status, marks.nodes.get("check").sign, marks.nodes.get("check").text], ["cancelled", "■", "cancelled"]);
  assert.equal(marks.nodes.get("start").status, "succeeded");
  const waits = run(steps, { status: "waiting" });
  assert.equal(settled(waits), waits);
});
test("what a card says of its step to who listens is its word, once", () => {
  assert.equal(words.ran("succeeded", "12 ms"), "done 12 ms");
  assert.equal(words.ran("waiting", "waiting"), "waiting");
  assert.equal(words.ran("cancelled", "cancelled"), "cancelled");
  assert.equal(words.ran("not_taken", "not taken"), "not taken");
  assert.equal(words.ran("traffic", "1,000 ×"), "1,000 ×");
});
test("the card of a waiting step counts down", () => {
  const given = run([step("start"), step("check", { index: 1, status: "waiting", port: null })], {
    status: "waiting",
    wait: { kind: "time", until: "2026-01-20T12:00:08Z", node: "check" },
  });
  const mark = (now) => marksFor(given, { live: true, now }).nodes.get("check");
  assert.match(mark(NOW).summary, /8 s$/);
  assert.match(mark(NOW + 3000).summary, /5 s$/);
  assert.equal(mark(NOW).status, "waiting");
});

test("every branch is explained: the one taken, those that held too, the others, and Otherwise", () => {
  const visited = step("check", { port: "yes", reason: reason(["no", false], ["yes", true], ["late", true]) });
  const rows = branchesOf(visited, nodeOf(document, "check"), ports("check"));
  assert.deepEqual(
    rows.map((row) => [row.port, row.state]),
    [
      ["no", "not_taken"],
      ["yes", "taken"],
      ["late", "also"],
      ["else", "not_taken"],
    ],
  );
  assert.equal(rows[1].conditions[0].left_value, 1);
});
test("Otherwise says that no branch held, and the others keep their values", () => {
  const given = run([step("check", { port: "else", reason: reason(["yes", false]) })]);
  const why = whyNode(given, document, "check", ports("check"));
  assert.equal(why.title, "Why Otherwise");
  assert.deepEqual(
    why.branches.map((row) => [row.port, row.state, row.conditions.length]),
    [
      ["yes", "not_taken", 1],
      ["else", "taken", 0],
    ],
  );
});
test("the trigger says what it asked of the event, and of a try whether it would have started live", () => {
  const asked = (result) => ({ trigger: true, branches: [{ id: "next", result, conditions: [{ left: "interaction.status", result }] }] });
  const of = (result, mode) => whyStart(run([step("start", { reason: asked(result) })], { mode }), nodeOf(document, "start"));
  assert.equal(of(true, "live").title, "Why did it start?");
  assert.deepEqual([of(true, "live").branches[0].state, of(true, "live").branches[0].text], ["taken", ""]);
  assert.match(of(false, "test").branches[0].text, /^It was tried by hand\. Live, this event would have been passed over/);
  const given = run([step("start", { reason: asked(true) })]);
  assert.equal(whyEdge(given, document, edge("start", "next"), ports("start")).branches[0].conditions.length, 1);
});
test("a trigger that asks for nothing says so, and one that did not begin is not explained", () => {
  const of = (mode) => whyStart(run([step("start")], { mode }), nodeOf(document, "start")).text;
  assert.match(of("live"), /asks for nothing else/);
  assert.match(of("dry"), /by hand/);
  assert.equal(whyStart(run([]), nodeOf(document, "start")), null);
});
test("a line is explained wherever it lies", () => {
  const given = taken();
  assert.equal(whyEdge(given, document, edge("check", "yes"), ports("check")).title, "Why Yes");
  assert.equal(whyEdge(given, document, edge("check", "else"), ports("check")).title, "Why not Otherwise");
  assert.match(whyEdge(given, document, edge("start", "next"), ports("start")).text, /was done/);
  assert.match(whyEdge(run([]), document, edge("check", "yes"), ports("check")).text, /did not come to/);
});
test("the path for errors is explained by the failure", () => {
  const branching = flow("start -> ticket[success] -> end; ticket[error] -> sorry", {
    nodes: { ticket: { type: "request", settings: { on_error: "branch" } } },
  });
  const error = edgeAt(branching, "ticket", "error");
  const of = (more) =>
    whyEdge(run([step("ticket", more)]), branching, error, [
      { id: "success", label: "Success" },
      { id: "error", label: "On error" },
    ]);
  assert.equal(of({ status: "failed", port: null, error: { message: "Gone." } }).text, "ticket failed: Gone.");
  assert.match(of({ port: "success" }).text, /did not fail/);
});

test("figures stand on nodes and lines, and failures in words", () => {
  const figures = {
    nodes: {
      start: { count: 1000, failed: 0, p95: 0.01, now: 0 },
      ticket: { count: 100, failed: 1, p95: 2.5, now: 0 },
      check: { count: 1000, failed: 60, p95: 0.34, now: 3 },
    },
    edges: { [edge("check", "yes").id]: { count: 100 }, [edge("start", "next").id]: { count: 1000 } },
    runs: 1000,
    since: "",
  };
  const marks = trafficMarks(figures, document);
  assert.equal(marks.nodes.get("check").summary, "6.0 % failed · p95 340 ms · 1,000 ×");
  assert.deepEqual([marks.nodes.get("start").summary, marks.nodes.get("start").text], ["1,000 ×", "p95 10 ms"]);
  assert.deepEqual([marks.nodes.get("ticket").summary, marks.nodes.get("ticket").text], ["100 × · 1.0 % failed", "p95 2.5 s"]);
  assert.deepEqual([marks.nodes.get("check").text, marks.nodes.get("check").tone], ["3 now", "bad"]);
  assert.equal(marks.nodes.get("end").summary, "no runs");
  assert.equal(marks.lines.get(edge("check", "yes").id).text, "100 · 10 %");
  assert.equal(marks.lines.get(edge("start", "next").id).text, "1,000");
});
test("a line is as wide as its share", () => {
  assert.ok(widthOf(1000, 1000) > widthOf(100, 1000));
  assert.ok(widthOf(1, 1_000_000) >= 1.5);
  assert.equal(widthOf(0, 10), 1);
});

const spoken = (turns, steps) => run(steps, { event: { interaction: { started_at: "2026-01-20T12:00:00Z", duration_seconds: 60, turns } } });
test("the turn that was spoken while a step ran is known by the times of both", () => {
  const turns = [
    { role: "agent", text: "Hi", at_seconds: 0 },
    { role: "user", text: "Order 7", at_seconds: 5 },
    { role: "agent", text: "One moment" },
  ];
  const given = spoken(turns, [step("start", { started_at: "2026-01-20T12:00:02Z" }), step("check", { started_at: "2026-01-20T12:00:09Z" })]);
  assert.deepEqual([turnAt(given, given.steps[0]), turnAt(given, given.steps[1])], [0, 1]);
  assert.deepEqual([stepOfTurn(given, 0), stepOfTurn(given, 1), stepOfTurn(given, 2)], [0, 1, null]);
});
test("after the call, or without times, no turn is claimed", () => {
  const turns = [{ role: "agent", text: "Hi", at_seconds: 0 }];
  const after = spoken(turns, [step("start", { started_at: "2026-01-20T12:05:00Z" })]);
  assert.equal(turnAt(after, after.steps[0]), null);
  assert.equal(turnAt(spoken([{ text: "Hi", at_seconds: null }], after.steps), after.steps[0]), null);
});

test("what is no event is said in plain words, with the line", () => {
  const said = (text) => readEvent(text).fault?.text;
  assert.equal(said('{\n  "a": 1\n  "b": 2\n}'), 'Line 3: a comma is missing before "b".');
  assert.equal(said('{"a": 1,}'), "Line 1: there is a comma too many before }.");
  assert.equal(said('{"a" 1}'), 'Line 1: a colon is missing after "a".');
  assert.equal(said("{a: 1}"), "Line 1: a name in double quotes is expected, not “a”.");
  assert.equal(said("{'a': 1}"), "Line 1: a name in double quotes is expected, not “'a'”.");
  assert.equal(said('{"a": abc}'), "Line 1: “abc” is no value; a text stands in double quotes.");
  assert.equal(said('{"a": "x'), "Line 1: a text is not closed; a quote is missing.");
  assert.equal(said('{"a": [1, 2}'), "Line 1: a comma is missing before “}”.");
  assert.equal(said('{"a": 1'), "Line 1: the object is not closed; } is missing.");
  assert.equal(said("[1]"), "An event is an object: it begins with { and ends with }.");
  assert.equal(said('{"interaction": "x"}'), "“interaction” holds an object in braces, not a text.");
  assert.match(said("  "), /^Write an event/);
});
test("every text that is not JSON has a fault inside it", () => {
  const good = JSON.stringify({ a: [1, -2.5e3, "x\\n", null, true], b: { c: {} } });
  for (let at = 0; at < good.length; at += 1) {
    for (const broken of [good.slice(0, at) + good.slice(at + 1), `${good.slice(0, at)}'${good.slice(at)}`]) {
      let fine = true;
      try {
        JSON.parse(broken);
      } catch {
        fine = false;
      }
      if (fine) continue;
      const fault = firstFault(broken);
      assert.ok(fault.at >= 0 && fault.at <= broken.length, broken);
      assert.notEqual(fault.text, "it cannot be read.", broken);
    }
  }
});
test("what a tool posts as arguments is read as args", () => assert.deepEqual(readEvent('{"arguments": {"a": 1}}').event, { args: { a: 1 } }));
test("of a past event only what starts a run is offered", () =>
  assert.deepEqual(partsOf({ id: "1", received_at: "x", secure: ["pin"], type: "call.ended", interaction: { id: "c" }, contact: {} }), {
    type: "call.ended",
    interaction: { id: "c" },
  }));

test("a failure points at the field to look at", () => {
  const sending = flow("start -> ticket", { nodes: { ticket: { type: "request", config: { url: "https://x/{{vars.id}}" } } } });
  const field = (error) => fieldOfFailure(step("ticket", { status: "failed", error }), sending, catalogue);
  assert.equal(field({ message: "x", code: "http", detail: { status: 401 } }), "/config/connection");
  assert.equal(field({ message: "There is no value for vars.id.", code: "template" }), "/config/url");
  assert.equal(field({ message: "/config/method: not possible", code: "invalid_config" }), "/config/method");
  assert.equal(fieldOfFailure(step("gone", { status: "failed" }), sending, catalogue), null);
});
test("the step a run failed at is the one its error names", () => {
  const given = run([step("a", { status: "failed", error: { message: "1" } }), step("b", { status: "failed", error: { message: "2" } })], {
    error: { message: "2", node: "b" },
  });
  assert.equal(failedStep(given).node, "b");
});

test("after a run was left its data stays the sample: event, steps and variables", () => {
  const given = run([step("ticket", { output: { status: 418 } })], { event: { interaction: { id: "call_1" } }, vars: { topic: "teapot" } });
  const scope = previewScope({ sample: { event: given.event, run: given, document }, overlay: null, document, variables: [] });
  assert.deepEqual([scope.interaction.id, scope.steps.ticket.status, scope.vars.topic], ["call_1", 418, "teapot"]);
});
