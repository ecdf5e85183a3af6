import assert from "node:assert/strict";
import { test } from "node:test";
import { diff, valueAt } from "../../static/editor/model/diff.js";
import {
  addNode,
  addNote,
  connect,
  disconnect,
  make,
  moveNodes,
  nodeOf,
  removeNodes,
  renameKey,
  setNode,
  setNote,
} from "../../static/editor/model/document.js";
import { rebase, rebasedOps, sinceByValues } from "../../static/editor/model/rebase.js";
import { flow, lines } from "./flows.mjs";

const base = flow("start -> set -> end; request", { layout: { set: { x: 0, y: 0 } } });
const label = (document, id) => nodeOf(document, id)?.label;
const named = (document, id, text) => setNode(document, id, { label: text });
const both = (mine, theirs, choices) => rebase(base, mine, theirs, { choices, isTrigger: (type) => type === "start" });
const kinds = ({ clashes }) => clashes.map((clash) => `${clash.kind} ${clash.id}`);

test("changes of different things come together without a question", () => {
  const result = both(named(base, "set", "Mine"), named(base, "end", "Theirs"));
  assert.deepEqual(kinds(result), []);
  assert.deepEqual([label(result.document, "set"), label(result.document, "end")], ["Mine", "Theirs"]);
});

test("one field in two hands is a question; theirs stands until it is answered, the rest of mine is there", () => {
  const mine = moveNodes(named(base, "set", "Mine"), { end: { x: 5, y: 5 } });
  const theirs = named(base, "set", "Theirs");
  const asked = both(mine, theirs);
  assert.deepEqual(kinds(asked), ["value /nodes/set/label"]);
  assert.deepEqual([asked.clashes[0].mine, asked.clashes[0].theirs], ["Mine", "Theirs"]);
  assert.deepEqual([label(asked.document, "set"), asked.document.layout.end], ["Theirs", { x: 5, y: 5 }]);
  assert.equal(label(both(mine, theirs, { "/nodes/set/label": "mine" }).document, "set"), "Mine");
});

test("two who want the same are not asked", () => {
  assert.deepEqual(kinds(both(named(base, "set", "Same"), named(base, "set", "Same"))), []);
  assert.deepEqual(kinds(both(removeNodes(base, ["set"]), removeNodes(base, ["set"]))), []);
});

test("what they changed and changed back is no question", () => {
  const theirs = named(named(base, "set", "Other"), "set", "set");
  assert.deepEqual(kinds(both(named(base, "set", "Mine"), theirs)), []);
});

test("they deleted the step I worked on: mine brings it back with its lines, theirs lets it go", () => {
  const mine = setNode(named(base, "set", "Mine"), "set", { config: { assignments: [1] } });
  const theirs = removeNodes(base, ["set"]);
  const asked = both(mine, theirs);
  assert.deepEqual(kinds(asked), ["gone /nodes/set"]);
  assert.equal(label(asked.document, "set"), undefined);
  const back = both(mine, theirs, { "/nodes/set": "mine" }).document;
  assert.deepEqual([label(back, "set"), lines(back), back.layout.set], ["Mine", lines(base), { x: 0, y: 0 }]);
});

test("I deleted a step they worked on: theirs keeps it with its lines, mine lets it go", () => {
  const mine = removeNodes(base, ["set"]);
  const theirs = named(base, "set", "Theirs");
  const asked = both(mine, theirs);
  assert.deepEqual(kinds(asked), ["changed /nodes/set"]);
  assert.deepEqual([lines(asked.document), asked.document.layout.set], [lines(base), { x: 0, y: 0 }]);
  const gone = both(mine, theirs, { "/nodes/set": "mine" }).document;
  assert.deepEqual([lines(gone), label(gone, "set"), gone.layout.set], [[], undefined, undefined]);
});

test("places are never asked about: my hand was the later one, and a place goes with its step", () => {
  const moved = both(moveNodes(base, { set: { x: 1, y: 1 } }), moveNodes(base, { set: { x: 2, y: 2 } }));
  assert.deepEqual([kinds(moved), moved.document.layout.set], [[], { x: 1, y: 1 }]);
  const gone = both(moveNodes(base, { set: { x: 1, y: 1 } }), removeNodes(base, ["set"]));
  assert.deepEqual([kinds(gone), gone.document.layout.set], [[], undefined]);
});

test("one exit led to two places is a question", () => {
  const mine = connect(base, "request", "success", "end");
  const theirs = connect(base, "request", "success", "set");
  const asked = both(mine, theirs);
  assert.deepEqual(kinds(asked), [`port ${diff(base, mine)[0].path}`]);
  assert.ok(lines(asked.document).includes("request[success] -> set"));
  const kept = both(mine, theirs, { [asked.clashes[0].id]: "mine" }).document;
  assert.ok(lines(kept).includes("request[success] -> end"));
  assert.ok(!lines(kept).includes("request[success] -> set"));
});

test("one exit led to the same place by both is one line", () => {
  const result = both(connect(base, "request", "success", "end"), connect(base, "request", "success", "end"));
  assert.deepEqual([kinds(result), result.document.edges.length], [[], 3]);
});

test("the same line led elsewhere by both is a question", () => {
  const result = both(connect(base, "start", "next", "end"), connect(base, "start", "next", "request"));
  assert.equal(result.clashes.length, 1);
  assert.ok(lines(result.document).includes("start[next] -> request"));
});

test("a line to a step somebody deleted is left out and named", () => {
  const result = both(connect(base, "request", "success", "end"), removeNodes(base, ["end"]));
  assert.deepEqual([kinds(result), lines(result.document)], [[], ["start[next] -> set"]]);
  assert.deepEqual(
    result.dropped.map((edge) => edge.source),
    ["request"],
  );
});

test("a line that went with my step does not undo where they led it", () => {
  const result = both(removeNodes(base, ["end"]), connect(base, "set", "next", "request"));
  assert.deepEqual([kinds(result), lines(result.document)], [[], ["set[next] -> request", "start[next] -> set"]]);
});

test("a line they led elsewhere that I took away is a question", () => {
  const mine = disconnect(base, [base.edges[0].id]);
  const other = base.edges[0].source === "start" ? "request" : "start";
  const theirs = make(base, { edges: base.edges.map((edge, at) => (at ? edge : { ...edge, target: other })) });
  assert.equal(both(mine, theirs).clashes.length, 1);
});

test("two new steps with one key: mine gets a free one, and what refers to it follows", () => {
  const step = (id, config = {}) => ({ id, type: "set", key: "topic", label: id, config });
  const reader = { ...step("reader", { text: "{{steps.topic.x}}" }), key: "reader" };
  const mine = addNode(addNode(base, step("mine")), reader);
  const theirs = addNode(base, step("theirs", { text: "{{steps.topic.x}}" }));
  const result = both(mine, theirs);
  assert.deepEqual(result.renamed, [{ node: "mine", from: "topic", to: "topic_2" }]);
  assert.equal(nodeOf(result.document, "reader").config.text, "{{steps.topic_2.x}}");
  assert.equal(nodeOf(result.document, "theirs").config.text, "{{steps.topic.x}}");
});

test("a step I brought back gets a free key when somebody took its own", () => {
  const without = removeNodes(base, ["set"]);
  const theirs = renameKey(without, "request", "set");
  const result = rebase(without, addNode(without, nodeOf(base, "set")), theirs, {});
  assert.deepEqual(result.renamed, [{ node: "set", from: "set", to: "set_2" }]);
});

test("a trigger in two hands is a question", () => {
  const empty = flow("end");
  const trigger = (id) => ({ id, type: "start", key: id, label: id, config: {} });
  const options = { isTrigger: (type) => type === "start" };
  const [mine, theirs] = [connect(addNode(empty, trigger("m")), "m", "next", "end"), addNode(empty, trigger("t"))];
  assert.deepEqual(kinds(rebase(empty, mine, theirs, options)), ["trigger /nodes/m"]);
  const kept = rebase(empty, mine, theirs, { ...options, choices: { "/nodes/m": "mine" } }).document;
  assert.deepEqual([lines(kept), nodeOf(kept, "t")], [["m[next] -> end"], undefined]);
});

test("a note that one moved and one wrote in is both; two texts are a question", () => {
  const noted = addNote(base, { x: 0, y: 0, width: 10, height: 10, text: "a", color: "yellow" }, "m");
  const apart = rebase(noted, setNote(noted, "m", { x: 5 }), setNote(noted, "m", { text: "b" }));
  assert.deepEqual([kinds(apart), apart.document.notes[0].x, apart.document.notes[0].text], [[], 5, "b"]);
  const torn = rebase(noted, setNote(noted, "m", { text: "c", x: 9 }), setNote(noted, "m", { text: "b" }));
  assert.deepEqual([kinds(torn), torn.document.notes[0].text], [["value /notes/m"], "b"]);
  const kept = rebase(noted, setNote(noted, "m", { text: "c", x: 9 }), setNote(noted, "m", { text: "b" }), { choices: { "/notes/m": "mine" } });
  assert.deepEqual([kept.document.notes[0].text, kept.document.notes[0].x], ["c", 9]);
});

test("ops a closed tab left behind are put on the draft as it is now", () => {
  const ops = diff(base, named(moveNodes(base, { end: { x: 7, y: 7 } }), "set", "Mine"));
  const now = removeNodes(named(base, "end", "Theirs"), ["set"]);
  const result = rebasedOps(now, ops, diff(base, now));
  assert.deepEqual([kinds(result), result.document.layout.end, label(result.document, "end")], [["gone /nodes/set"], { x: 7, y: 7 }, "Theirs"]);
  assert.equal(valueAt(rebasedOps(now, ops, diff(base, now), { choices: { "/nodes/set": "mine" } }).document, "/nodes/set/label"), "Mine");
});

test("where the log does not reach back, the values tell what came between", () => {
  const ops = diff(base, named(moveNodes(base, { end: { x: 7, y: 7 } }), "set", "Mine"));
  const now = named(named(base, "set", "Theirs"), "end", "Also theirs");
  const result = rebasedOps(now, ops, sinceByValues(now, ops));
  assert.deepEqual([kinds(result), result.clashes[0].theirs, label(result.document, "end")], [["value /nodes/set/label"], "Theirs", "Also theirs"]);
});
