import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { moveAfter, moveBefore, stepAfter, stepBefore } from "../../static/editor/model/moving.js";
import { outlineOf, shownRows } from "../../static/editor/model/outline.js";
import { catalogue, flow, lines, randomFrom } from "./flows.mjs";

/** What one reads, indented by level. */
const SAYS = {
  node: (row) => `${row.loose ? "? " : ""}${row.node}`,
  port: (row) => `[${row.label}]`,
  link: (row) => `-> ${row.target}`,
  back: (row) => `<- ${row.target}`,
  open: () => "+",
};
const read = (document) => outlineOf(document, catalogue).map((row) => `${"  ".repeat(row.level - 1)}${SAYS[row.kind](row)}`);

const cases = JSON.parse(readFileSync(new URL("../cases/outline.json", import.meta.url), "utf8")).cases;
for (const each of cases) test(each.name, () => assert.deepEqual(read(flow(each.flow, { nodes: each.nodes })), each.outline));

test("places among siblings count what stands under the same branch", () => {
  const rows = outlineOf(flow("start -> check[a] -> set -> set2 -> end; check[else] -> end"), catalogue);
  const of = (key) => rows.filter((row) => row.key === key).map(({ at, of, level }) => ({ at, of, level }))[0];
  assert.deepEqual(of("check"), { at: 2, of: 3, level: 1 });
  assert.deepEqual(of("check/a"), { at: 1, of: 2, level: 2 });
  assert.deepEqual(of("set2"), { at: 2, of: 3, level: 3 });
  assert.deepEqual(of("end"), { at: 3, of: 3, level: 1 });
});

test("folding hides what stands below, however deep, and nothing else", () => {
  const rows = outlineOf(flow("start -> check[a] -> check2[b] -> set -> end; check2[else] -> end; check[else] -> end"), catalogue);
  const shown = (...folded) => shownRows(rows, new Set(folded)).map((n) => rows[n].key);
  assert.deepEqual(shown("check"), ["start", "check", "end"]);
  assert.ok(!shown("check/a").includes("set"));
  assert.ok(shown("check/a").includes("check/else"));
  assert.equal(shown().length, rows.length);
});

test("every node stands in full exactly once and every edge is followed or named, whatever the flow", () => {
  const random = randomFrom(11);
  for (let round = 0; round < 80; round++) {
    const parts = ["start -> check0"];
    for (let n = 0; n < 14; n++) parts.push(`check${random(n + 1)}[b${random(3)}${n}] -> ${random(3) ? "check" : "set"}${n + 1}`);
    for (let n = 0; n < 8; n++) parts.push(`check${random(14)}[j${n}] -> check${random(14)}`);
    const document = flow(parts.join(";"));
    const rows = outlineOf(document, catalogue);
    const full = rows.filter((row) => row.kind === "node").map((row) => row.node);
    assert.deepEqual([...full].sort(), document.nodes.map((node) => node.id).sort());
    const named = rows.filter((row) => row.kind === "link" || row.kind === "back").map((row) => row.edge);
    const followed = rows.filter((row) => row.kind === "node" && row.edge).map((row) => row.edge);
    assert.deepEqual([...named, ...followed].sort(), document.edges.map((edge) => edge.id).sort());
    for (const [n, row] of rows.entries()) assert.ok(row.parent < n && (row.parent < 0 || rows[row.parent].level === row.level - 1));
  }
});

test("5,000 steps are listed at once", () => {
  const chain = ["start", ...Array.from({ length: 4999 }, (_, n) => `set${n}`)];
  const document = flow(chain.join(" -> "));
  const started = process.cpuUsage(); // others may keep the machine busy meanwhile
  assert.equal(outlineOf(document, catalogue).length, 5001);
  assert.ok(process.cpuUsage(started).user < 1_000_000, "microseconds of processor");
});

test("a step moves before the one before it, and the line stays whole", () => {
  const before = flow("start -> set -> set2 -> end");
  assert.deepEqual(lines(moveBefore(before, catalogue, "set2", "set").document), ["set2[next] -> set", "set[next] -> end", "start[next] -> set2"]);
});

test("moving a step later takes the next one before it, into the first branch of a decision", () => {
  const before = flow("start -> set -> check[a] -> set2; check[else] -> end");
  const moved = moveBefore(before, catalogue, stepAfter(before, catalogue, "set"), "set").document;
  assert.deepEqual(lines(moved), ["check[a] -> set", "check[else] -> end", "set[next] -> set2", "start[next] -> check"]);
});

test("a step that leaves its branch goes before the decision", () => {
  const before = flow("start -> check[a] -> end; check[else] -> set -> end");
  const moved = moveBefore(before, catalogue, "set", stepBefore(before, "set")).document;
  assert.deepEqual(lines(moved), ["check[a] -> end", "check[else] -> end", "set[next] -> check", "start[next] -> set"]);
});

test("nothing goes before the trigger, and an end lets nothing after it", () => {
  const document = flow("start -> set -> end");
  assert.equal(moveBefore(document, catalogue, "set", "start").refused, "The trigger stays first.");
  assert.match(moveBefore(document, catalogue, "end", "set").refused, /no way out/);
});

test("a step moved to another branch joins its line there", () => {
  const before = flow("start -> check[a] -> set -> end; check[else] -> set2 -> end2");
  const moved = moveAfter(before, catalogue, "set", { node: "check", port: "else" }).document;
  assert.deepEqual(lines(moved), ["check[a] -> end", "check[else] -> set", "set2[next] -> end2", "set[next] -> set2", "start[next] -> check"]);
});

test("a decision moved elsewhere keeps its other branches", () => {
  const before = flow("start -> check[a] -> set -> end; check[else] -> end2");
  const moved = moveAfter(before, catalogue, "check", { node: "set", port: "next" }).document;
  assert.deepEqual(lines(moved), ["check[a] -> end", "check[else] -> end2", "set[next] -> check", "start[next] -> set"]);
});
