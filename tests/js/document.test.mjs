import assert from "node:assert/strict";
import { test } from "node:test";
import { portIdsOf } from "../../static/editor/model/catalogue.js";
import { connect, freeKey, healNodes, keyFrom, removeNodes, renameKey, replaceNode, setNode } from "../../static/editor/model/document.js";
import { catalogue, flow, lines } from "./flows.mjs";

const ports = (node) => portIdsOf(node, catalogue);

test("a port has one edge: connecting it again moves the edge and keeps its id", () => {
  const before = flow("start -> set -> end");
  const after = connect(before, "start", "next", "end");
  assert.deepEqual(lines(after), ["set[next] -> end", "start[next] -> end"]);
  assert.equal(after.edges.find((edge) => edge.source === "start").id, "e_start_");
});

test("deleting a node removes its edges; nothing else changes identity", () => {
  const before = flow("start -> set -> request -> end");
  const after = removeNodes(before, ["set"]);
  assert.deepEqual(lines(after), ["request[success] -> end"]);
  assert.equal(
    after.nodes.find((node) => node.id === "end"),
    before.nodes.find((node) => node.id === "end"),
  );
});

test("healing leads what came in to the target of the first connected port", () => {
  const before = flow("start -> check[yes] -> set -> end; check[else] -> end2");
  assert.deepEqual(lines(healNodes(before, ["check"], ports)), ["set[next] -> end", "start[next] -> set"]);
});

test("healing a chain keeps one line", () => {
  const before = flow("start -> set -> set2 -> end");
  assert.deepEqual(lines(healNodes(before, ["set", "set2"], ports)), ["start[next] -> end"]);
});

test("renaming a key rewrites every reference to it and no look-alike", () => {
  const nodes = {
    set: { config: { a: "{{ steps.request.id | default: 'x' }} {{steps.request2.id}} steps.request.id", list: [{ b: "{{steps.request.status}}" }] } },
  };
  const before = flow("start -> request -> set", { nodes });
  const after = renameKey(before, "request", "ticket");
  const config = after.nodes.find((node) => node.id === "set").config;
  assert.equal(config.a, "{{ steps.ticket.id | default: 'x' }} {{steps.request2.id}} steps.request.id");
  assert.equal(config.list[0].b, "{{steps.ticket.status}}");
});

test("keys are made from names and stay unique", () => {
  assert.equal(keyFrom("Create ticket!"), "create_ticket");
  assert.equal(keyFrom("Über 2 Größen"), "uber_2_gro_en");
  assert.equal(keyFrom("1 2"), "step");
  assert.equal(freeKey(flow("start -> set"), "Set"), "set_2");
});

test("replacing keeps id, key, edges in, and the first way out", () => {
  const before = flow("start -> set -> end");
  const after = replaceNode(before, "set", { type: "request", label: "Request", config: {} }, ["success", "error"]);
  assert.deepEqual(lines(after), ["set[success] -> end", "start[next] -> set"]);
  assert.equal(after.nodes.find((node) => node.id === "set").key, "set");
});

test("documents are frozen through and through", () => {
  const after = setNode(flow("start -> set"), "set", { config: { a: { b: [1] } } });
  assert.throws(() => after.nodes.find((node) => node.id === "set").config.a.b.push(2), TypeError);
});
