import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, diff, holds, inverse, overlap } from "../../static/editor/model/diff.js";
import { addNote, configure, connect, moveNodes, readDocument, removeNodes, setNode } from "../../static/editor/model/document.js";
import { flow, randomFrom } from "./flows.mjs";

const before = flow("start -> request -> end", { layout: { start: { x: 0, y: 0 } } });

test("one changed field is one op with its own path", () => {
  const after = setNode(before, "request", { config: { url: "https://a" } });
  assert.deepEqual(diff(before, after), [{ path: "/nodes/request/config/url", after: "https://a" }]);
});

test("an absent value is an omitted member, null is a value", () => {
  const set = setNode(before, "request", { config: { connection: null } });
  assert.deepEqual(diff(before, set), [{ path: "/nodes/request/config/connection", after: null }]);
  assert.deepEqual(diff(set, before), [{ path: "/nodes/request/config/connection", before: null }]);
});

test("moving a node touches only its place", () => {
  assert.deepEqual(diff(before, moveNodes(before, { start: { x: 16, y: 0 } })), [{ path: "/layout/start", before: { x: 0, y: 0 }, after: { x: 16, y: 0 } }]);
});

test("a node deleted takes its edges and its place along, as ops of their own", () => {
  const paths = diff(before, removeNodes(before, ["start"])).map((op) => op.path);
  assert.deepEqual(paths, ["/nodes/start", "/edges/e_start_", "/layout/start"]);
});

test("ids with slashes and tildes are escaped", () => {
  const odd = readDocument({ nodes: [{ id: "a", type: "t", key: "a", config: {} }] });
  const after = setNode(odd, "a", { config: { "x/y~z": 1 } });
  assert.deepEqual(diff(odd, after), [{ path: "/nodes/a/config/x~1y~0z", after: 1 }]);
  assert.deepEqual(apply(odd, diff(odd, after)), after);
});

test("apply(before, diff) is after, and the inverse leads back", () => {
  let after = configure(before, "request", { label: "Ticket", key: "ticket", config: { url: "u", body: { type: "json" } }, settings: { on_error: "branch" } });
  after = connect(addNote(after, { x: 1, y: 2, width: 3, height: 4, text: "Hi", color: "yellow" }), "request", "error", "end");
  const ops = diff(before, after);
  assert.deepEqual(apply(before, ops), after);
  assert.deepEqual(apply(after, inverse(ops)), before);
});

test("random edits: diff, apply and inverse agree", () => {
  const random = randomFrom(7);
  let document = before;
  for (let step = 0; step < 300; step++) {
    const past = document;
    const ids = document.nodes.map((node) => node.id);
    const pick = () => ids[random(ids.length)] ?? "start";
    const edit = random(6);
    if (edit === 0) document = setNode(document, pick(), { label: `L${step}`, disabled: random(2) ? true : undefined });
    else if (edit === 1) document = setNode(document, pick(), { config: { [`f${random(3)}`]: random(2) ? step : null } });
    else if (edit === 2) document = moveNodes(document, { [pick()]: { x: step, y: 0 } });
    else if (edit === 3) document = connect(document, pick(), `p${random(2)}`, pick());
    else if (edit === 4 && ids.length > 2) document = removeNodes(document, [pick()]);
    else document = flow(`start -> request -> end; set${random(5)} -> end`);
    assert.deepEqual(apply(past, diff(past, document)), document);
    assert.deepEqual(apply(document, inverse(diff(past, document))), past);
    assert.ok(diff(past, document).every((op) => holds(past, op)));
  }
});

test("ops overlap when one path leads to the other", () => {
  assert.ok(overlap("/nodes/a", "/nodes/a/config/url"));
  assert.ok(!overlap("/nodes/a", "/nodes/ab"));
});
