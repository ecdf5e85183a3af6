import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCatalogue, portIdsOf } from "../../static/editor/model/catalogue.js";
import { readDocument } from "../../static/editor/model/document.js";
import {
  cameraFor,
  COLUMN_GAP,
  edgeDistance,
  edgePath,
  nodeRect,
  portAt,
  RANK_GAP,
  toScreen,
  touches,
  WIDTH,
  zoomAt,
  toWorld,
} from "../../static/editor/model/geometry.js";
import { tidy } from "../../static/editor/model/layout.js";
import { catalogue, flow, randomFrom } from "./flows.mjs";

const overlaps = (document, places) =>
  document.nodes.flatMap((a, at) =>
    document.nodes
      .slice(at + 1)
      .filter((b) => touches(nodeRect(a, places[a.id]), nodeRect(b, places[b.id])))
      .map((b) => `${a.id}/${b.id}`),
  );

test("a chain is a straight line, 56 apart", () => {
  const places = tidy(flow("start -> set -> end"), catalogue);
  assert.deepEqual(places, { start: { x: 0, y: 0 }, set: { x: 0, y: 120 }, end: { x: 0, y: 240 } });
  assert.equal(RANK_GAP, 56);
});

test("branches go left to right in port order, the parent in the middle", () => {
  const places = tidy(flow("start -> check[yes] -> set; check[else] -> end"), catalogue);
  assert.equal(places.end.x - places.set.x, WIDTH + COLUMN_GAP);
  assert.equal(places.check.x, (places.set.x + places.end.x) / 2);
});

test("the error path is last", () => {
  const document = flow("start -> request[error] -> end; request[success] -> set", { nodes: { request: { settings: { on_error: "branch" } } } });
  const places = tidy(document, catalogue);
  assert.ok(places.set.x < places.end.x);
});

test("a join sits under the median of its sources", () => {
  const places = tidy(flow("start -> check[a] -> set -> end; check[b] -> set2 -> end; check[else] -> set3 -> end"), catalogue);
  assert.equal(places.end.x, places.set2.x);
  assert.ok(places.end.y > places.set.y);
});

test("a line that passes ranks has a lane of its own beside the cards", () => {
  const places = tidy(flow("start -> check[yes] -> set -> set2 -> end; check[else] -> end"), catalogue);
  const line = places.check.x + WIDTH * 0.75;
  assert.ok(places.set.x + WIDTH < line, "the line from Otherwise falls right of the branch");
  assert.equal(places.end.x, places.check.x);
});

test("ways back do not count for the ranks", () => {
  const places = tidy(flow("start -> wait -> check[again] -> wait; check[else] -> end"), catalogue);
  assert.deepEqual([places.start.y, places.wait.y, places.check.y, places.end.y], [0, 120, 240, 360]);
});

test("nothing overlaps, whatever the flow", () => {
  const random = randomFrom(7);
  for (let round = 0; round < 60; round++) {
    const parts = ["start -> check0"];
    for (let n = 0; n < 14; n++) parts.push(`check${random(n + 1)}[b${random(3)}${n}] -> ${random(3) ? "check" : "set"}${n + 1}`);
    for (let n = 0; n < 6; n++) parts.push(`check${random(8)}[j${n}] -> set${8 + random(6)}`);
    const document = flow(parts.join(";"));
    const places = tidy(document, catalogue);
    assert.deepEqual(overlaps(document, places), [], parts.join(";"));
    assert.equal(Object.keys(places).length, document.nodes.length);
  }
});

test("a chain of 5,000 nodes is placed within a second", () => {
  const nodes = Array.from({ length: 5000 }, (_, n) => ({ id: `n${String(n).padStart(5, "0")}`, type: n ? "set" : "start", key: `k${n}`, config: {} }));
  const edges = nodes.slice(1).map((node, n) => ({ id: `e${n}`, source: nodes[n].id, port: "next", target: node.id }));
  const began = process.cpuUsage(); // others may keep the machine busy meanwhile
  assert.equal(Object.keys(tidy(readDocument({ nodes, edges }), catalogue)).length, 5000);
  assert.ok(process.cpuUsage(began).user < 1_000_000, "microseconds of processor");
});

test("ports lie along the bottom and overhang on both sides alike", () => {
  const node = { id: "c", type: "check", key: "c", label: "", config: {} };
  const [first, last] = [0, 9].map((index) => portAt(node, { x: 0, y: 0 }, index, 10));
  assert.deepEqual([first.x, last.x, first.y], [128 - 4.5 * 32, 128 + 4.5 * 32, 64]);
});

test("a straight line is a straight line", () => {
  assert.equal(edgePath({ x: 128, y: 64 }, { x: 128, y: 120 }), "M128 64V120");
});

test("a long line falls in its own lane; that of an error in its target's, for below its step goes on what did not fail", () => {
  const [from, to] = [
    { x: 100, y: 0 },
    { x: 600, y: 500 },
  ];
  assert.match(edgePath(from, to), /^M100 0V428C.* 600 500$/);
  assert.match(edgePath({ ...from, early: true }, to), /^M100 0C.* 600 56V500$/);
  assert.ok(edgeDistance({ x: 600, y: 300 }, { ...from, early: true }, to) < 1);
  assert.ok(edgeDistance({ x: 600, y: 300 }, from, to) > 100);
});

test("zooming keeps the point under the pointer", () => {
  const camera = { x: 30, y: -20, zoom: 0.8 };
  const at = { x: 200, y: 150 };
  const after = zoomAt(camera, at, 1.6);
  const [a, b] = [toWorld(camera, at), toWorld(after, at)];
  assert.ok(Math.abs(a.x - b.x) < 1e-9 && Math.abs(a.y - b.y) < 1e-9);
  assert.equal(zoomAt(camera, at, 99).zoom, 2);
});

test("what is shown whole keeps clear of the bar above it and of the tools below", () => {
  const viewport = { width: 900, height: 620 };
  for (const rect of [
    { x: -40, y: 30, width: 700, height: 900 },
    { x: 500, y: -90, width: 2400, height: 300 },
    { x: 0, y: 0, width: 256, height: 64 },
  ]) {
    const camera = cameraFor(rect, viewport);
    const [from, to] = [toScreen(camera, rect), toScreen(camera, { x: rect.x + rect.width, y: rect.y + rect.height })];
    assert.ok(from.x >= 63 && to.x <= 837, `${from.x} to ${to.x}`);
    assert.ok(from.y >= 79 && to.y <= 525, `${from.y} to ${to.y}`);
  }
});
test("shared cases: places and ports", () => {
  const cases = JSON.parse(readFileSync(new URL("../cases/tidy.json", import.meta.url)));
  const own = readCatalogue(cases.catalogue);
  for (const each of cases.cases) assert.deepEqual(tidy(readDocument(each.document), own), each.places, each.name);
  const ports = JSON.parse(readFileSync(new URL("../cases/ports.json", import.meta.url)));
  const types = readCatalogue(ports.catalogue);
  for (const each of ports.cases) assert.deepEqual(portIdsOf(Object.freeze({ config: {}, ...each.node }), types), each.ports, each.name);
});
