/** Taking back single changes of a review, and what of a difference is drawn. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { countGhosts, ghostsIn, ghostsOf } from "../../static/editor/model/comparison.js";
import { moveNodes, setNode } from "../../static/editor/model/document.js";
import { reverted, revertedAll } from "../../static/editor/model/reverting.js";
import { catalogue, flow, lines } from "./flows.mjs";

const LAYOUT = { start: { x: 0, y: 0 }, request: { x: 0, y: 128 }, set: { x: 0, y: 128 }, end: { x: 0, y: 256 } };
const past = flow("start -> request -> end", { layout: LAYOUT });
const now = flow("start -> set -> end", { layout: LAYOUT });
const change = (kind, node, field = null) => ({ kind, node, field, text: "" });
const back = (document, each, from = past) => reverted(document, from, each, catalogue);

test("a step that came goes, and what led to it leads past it again where that is still there", () => {
  const both = flow("start -> set -> request -> end");
  assert.deepEqual(lines(back(both, change("node_added", "set"))), ["request[success] -> end", "start[next] -> request"]);
  assert.deepEqual(lines(back(now, change("node_added", "set"))), []);
});

test("a step that went comes back with its place and lines; its key is free again or a new one", () => {
  const result = back(now, change("node_removed", "request"));
  assert.deepEqual(lines(result), ["request[success] -> end", "set[next] -> end", "start[next] -> request"]);
  assert.deepEqual(result.layout.request, { x: 0, y: 128 });
  const taken = setNode(now, "set", { key: "request" });
  assert.equal(back(taken, change("node_removed", "request")).nodes.find((node) => node.id === "request").key, "request_2");
});

test("one field goes back, the others stay", () => {
  const edited = setNode(past, "request", { label: "New", config: { method: "POST", url: "x" } });
  const result = back(edited, change("node_changed", "request", "/config/method")).nodes.find((node) => node.id === "request");
  assert.deepEqual([result.label, result.config], ["New", { url: "x" }]);
});

test("settings that were not there are gone, not empty", () => {
  const edited = setNode(past, "request", { settings: { on_error: "branch" } });
  assert.ok(!("settings" in back(edited, change("node_changed", "request", "/settings/on_error")).nodes.find((node) => node.id === "request")));
});

test("a key goes back in every reference", () => {
  const edited = setNode(setNode(past, "request", { key: "other" }), "end", { config: { outcome: "{{steps.other.status}}" } });
  const result = back(edited, change("node_changed", "request", "/key"));
  assert.equal(result.nodes.find((node) => node.id === "end").config.outcome, "{{steps.request.status}}");
});

test("a branch that goes back takes its line along", () => {
  const before = flow("start -> check[yes] -> end");
  const after = flow("start -> check[yes] -> end; check[no] -> end2");
  const result = back(after, change("node_changed", "check", "/config/branches"), before);
  assert.deepEqual(lines(result), ["check[yes] -> end", "start[next] -> check"]);
});

test("everything taken back is the past again, as far as it says", () => {
  const all = [
    change("node_added", "set"),
    change("node_removed", "request"),
    change("edge_moved", "start", "/ports/next"),
    change("edge_added", "set", "/ports/next"),
  ];
  const result = revertedAll(now, past, all, catalogue);
  assert.deepEqual(lines(result), lines(past));
  assert.deepEqual(
    result.nodes.map((node) => node.id),
    past.nodes.map((node) => node.id),
  );
});

test("places and notes go back together", () => {
  const moved = moveNodes(past, { end: { x: 500, y: 500 } });
  assert.deepEqual(back(moved, change("layout", null)).layout, past.layout);
});

test("what is no longer there cannot be taken back: the same document", () => {
  for (const each of [change("node_added", "gone"), change("node_removed", "start"), change("edge_added", "x", "/ports/y"), change("strange", "x")])
    assert.equal(back(past, each), past);
});

test("drawn is what came, went, changed, moved; lines by their exits", () => {
  const after = moveNodes(setNode(now, "end", { label: "Done" }), { end: { x: 300, y: 256 }, start: { x: 4, y: 0 } });
  const ghosts = ghostsOf(past, after, catalogue);
  assert.deepEqual(
    ghosts.boxes.map((box) => `${box.kind} ${box.id}${box.from ? " moved" : ""}`),
    ["changed end moved", "added set", "removed request"],
  );
  assert.deepEqual(ghosts.lines.map((line) => line.kind).sort(), ["added", "added", "removed", "removed"]);
  assert.deepEqual(countGhosts(ghosts), { added: 3, removed: 3, changed: 1, moved: 1 });
});

test("nothing is drawn for nothing, and only what is near", () => {
  assert.deepEqual(ghostsOf(past, past, catalogue), { boxes: [], lines: [] });
  const far = { x: 9000, y: 9000, width: 100, height: 100 };
  assert.deepEqual(ghostsIn(ghostsOf(past, now, catalogue), far, 10), { boxes: [], lines: [] });
});
