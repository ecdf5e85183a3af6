import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, diff } from "../../static/editor/model/diff.js";
import { connect, moveNodes, removeNodes, setNode } from "../../static/editor/model/document.js";
import { acknowledged, conflicting, rebased } from "../../static/editor/sync/merging.js";
import { flow, lines } from "./flows.mjs";

const base = flow("start -> set -> end; request");
const label = (document, id) => document.nodes.find((node) => node.id === id)?.label;

test("changes of different things come together", () => {
  const mine = diff(base, setNode(base, "set", { label: "Mine" }));
  const theirs = setNode(base, "end", { label: "Theirs" });
  const merged = rebased(theirs, mine, diff(base, theirs), "theirs");
  assert.deepEqual([label(merged, "set"), label(merged, "end")], ["Mine", "Theirs"]);
});

test("what both touched goes to the winner, the rest of mine stays", () => {
  const edited = moveNodes(setNode(base, "set", { label: "Mine" }), { end: { x: 5, y: 5 } });
  const theirs = setNode(base, "set", { label: "Theirs" });
  const [mine, theirOps] = [diff(base, edited), diff(base, theirs)];
  assert.deepEqual(
    conflicting(mine, theirOps).map((op) => op.path),
    ["/nodes/set/label"],
  );
  assert.equal(label(rebased(theirs, mine, theirOps, "mine"), "set"), "Mine");
  const kept = rebased(theirs, mine, theirOps, "theirs");
  assert.deepEqual([label(kept, "set"), kept.layout.end], ["Theirs", { x: 5, y: 5 }]);
});

test("an edge to a node somebody deleted is left out", () => {
  const mine = diff(base, connect(base, "request", "success", "end"));
  const theirs = removeNodes(base, ["end"]);
  assert.deepEqual(lines(rebased(theirs, mine, diff(base, theirs), "mine")), ["start[next] -> set"]);
});

test("two edges of one port: the one that was there first stays", () => {
  const mine = diff(base, connect(base, "request", "success", "end"));
  const theirs = connect(base, "request", "success", "set");
  assert.ok(lines(rebased(theirs, mine, diff(base, theirs), "mine")).includes("request[success] -> set"));
});

test("an acknowledgement brings others' ops and takes dropped edges away", () => {
  const sent = diff(base, connect(base, "request", "success", "end"));
  const others = diff(base, setNode(base, "set", { label: "Theirs" }));
  const after = acknowledged(base, others, sent, [sent[0].after.id]);
  assert.equal(label(after, "set"), "Theirs");
  assert.equal(after.edges.length, base.edges.length);
  assert.deepEqual(acknowledged(base, [], sent, []), apply(base, sent));
});
