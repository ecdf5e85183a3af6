import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../static/editor/model/diff.js";
import { moveNodes, removeNodes, setNode } from "../../static/editor/model/document.js";
import { commit, redo, undo } from "../../static/editor/model/history.js";
import { flow, lines, stateOf } from "./flows.mjs";

const start = () => stateOf(flow("start -> set -> end"));

test("undo and redo lead back and forth", () => {
  const before = start();
  const after = commit(before, "Delete set", removeNodes(before.document, ["set"]));
  const undone = undo(after);
  assert.deepEqual(undone.document, before.document);
  assert.equal(undone.announcement.text, "Undone: Delete set");
  assert.deepEqual(redo(undone).document, after.document);
});

test("nothing changed makes no entry", () => {
  const state = start();
  assert.equal(commit(state, "Move", moveNodes(state.document, {})), null);
  assert.equal(undo(state), null);
});

test("a colleague's change survives my undo", () => {
  const mine = commit(start(), "Move set", moveNodes(start().document, { set: { x: 5, y: 5 } }));
  const theirs = { ...mine, document: setNode(mine.document, "set", { label: "Theirs" }) };
  const undone = undo(theirs);
  assert.equal(undone.document.nodes.find((node) => node.id === "set").label, "Theirs");
  assert.equal(undone.document.layout.set, undefined);
});

test("what was changed meanwhile is left and named", () => {
  const mine = commit(start(), "Rename", setNode(start().document, "set", { label: "Mine" }));
  const theirs = { ...mine, document: setNode(mine.document, "set", { label: "Theirs" }) };
  const undone = undo(theirs);
  assert.equal(undone.document.nodes.find((node) => node.id === "set").label, "Theirs");
  assert.match(undone.announcement.text, /changed meanwhile: Theirs/);
});

test("undoing a deletion does not give a port two edges", () => {
  const before = start();
  const deleted = commit(before, "Delete", removeNodes(before.document, ["set"]));
  const theirs = {
    ...deleted,
    document: apply(deleted.document, [{ path: "/edges/new", after: { id: "new", source: "start", port: "next", target: "end" } }]),
  };
  assert.deepEqual(lines(undo(theirs).document), ["set[next] -> end", "start[next] -> end"]);
});

test("a new change clears what could be redone", () => {
  const undone = undo(commit(start(), "Move", moveNodes(start().document, { set: { x: 5, y: 5 } })));
  const next = commit(undone, "Rename", setNode(undone.document, "set", { label: "B" }));
  assert.equal(redo(next), null);
});
