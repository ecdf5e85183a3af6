import assert from "node:assert/strict";
import { test } from "node:test";
import { moveNodes } from "../../static/editor/model/document.js";
import { lineOf, linesIn, nodesIn, planeOf } from "../../static/editor/model/spatial.js";
import { catalogue, flow } from "./flows.mjs";

const AREA = { x: -200, y: -200, width: 900, height: 700 };
const ORDER = (ids) => [...ids].sort();

test("a plane with one node moved says the same as one made from nothing", () => {
  let document = flow("start -> one -> two -> end", {
    layout: { start: { x: 0, y: 0 }, one: { x: 0, y: 128 }, two: { x: 0, y: 256 }, end: { x: 0, y: 384 } },
  });
  planeOf(document, catalogue);
  for (const place of [
    { x: 2000, y: 128 },
    { x: 300, y: -600 },
    { x: 0, y: 128 },
    { x: 511, y: 511 },
  ]) {
    document = moveNodes(document, { one: place });
    const patched = planeOf(document, catalogue);
    // Another list of nodes: nothing to go on from.
    const anew = planeOf({ ...document, nodes: [...document.nodes], layout: { ...document.layout } }, catalogue);
    assert.notEqual(patched, anew);
    assert.deepEqual(ORDER(nodesIn(patched, AREA)), ORDER(nodesIn(anew, AREA)));
    assert.deepEqual(ORDER(linesIn(patched, AREA)), ORDER(linesIn(anew, AREA)));
    for (const { id } of document.edges) assert.deepEqual(lineOf(patched, id), lineOf(anew, id));
    assert.deepEqual(patched.box, anew.box);
    planeOf(document, catalogue);
  }
});
