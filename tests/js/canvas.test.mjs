import assert from "node:assert/strict";
import { test } from "node:test";

import { aligned } from "../../static/editor/model/aligning.js";
import { table } from "../../static/editor/model/commands.js";
import { searchCommands } from "../../static/editor/model/commands/search.js";
import { insertFree, newNode, placedUnder } from "../../static/editor/model/inserting.js";
import { tidyOnly } from "../../static/editor/model/layout.js";
import { find } from "../../static/editor/model/searching.js";
import { selectionOf } from "../../static/editor/model/state.js";
import { catalogue, flow, lines, stateOf } from "./flows.mjs";

const commands = new Map([...table(), ...searchCommands].map((command) => [command.id, command]));
const run = (state, id, args) => commands.get(id).run(state, args);
const card = (x, y) => ({ x, y, width: 256, height: 64 });

test("a card is drawn to the middle line of another, not beyond the reach", () => {
  const near = aligned(card(4, 300), [card(0, 0)], 6);
  assert.equal(near.x?.by, -4);
  assert.deepEqual(near.x?.guides, [{ kind: "line", from: { x: 128, y: 0 }, to: { x: 128, y: 364 } }]);
  assert.equal(aligned(card(9, 300), [card(0, 0)], 6).x, null);
});

test("a card is drawn to where its gap equals its neighbours', below, above and between", () => {
  const others = [card(0, 0), card(0, 104)];
  assert.equal(aligned(card(0, 211), others, 6).y?.by, -3);
  assert.equal(aligned(card(0, -100), others, 6).y?.by, -4);
  assert.equal(aligned(card(0, 129), [card(0, 0), card(0, 264)], 6).y?.by, 3);
  const gaps = aligned(card(0, 208), others, 6).y?.guides.filter((guide) => guide.kind === "gap");
  assert.deepEqual(
    gaps?.map((guide) => [guide.from.y, guide.to.y]),
    [
      [64, 104],
      [168, 208],
    ],
  );
});

test("cards in other columns have no say in the spacing", () => {
  const pull = aligned(card(1000, 211), [card(0, 0), card(0, 104)], 6);
  assert.equal(pull.y, null);
});

test("a step that is dropped upon another goes to the nearest place beside it", () => {
  const dropped = (layout) => {
    const { document } = stateOf(flow("start -> request -> set", { layout }));
    const node = newNode(document, [...catalogue.types.values()][1]);
    return insertFree(document, catalogue, node, { x: 10, y: 10 }).layout[node.id];
  };
  const [column, rank] = [256 + 48, 64 + 56];
  assert.deepEqual(dropped({ start: { x: 0, y: 500 }, request: { x: 0, y: 700 }, set: { x: 0, y: 900 } }), { x: 10, y: 10 });
  assert.deepEqual(dropped({ start: { x: 0, y: 0 }, request: { x: 0, y: rank }, set: { x: 0, y: 2 * rank } }), { x: 10 + column, y: 10 });
  assert.deepEqual(dropped({ start: { x: 0, y: 0 }, request: { x: column, y: 0 }, set: { x: 2 * column, y: 0 } }), { x: 10 - column, y: 10 });
  assert.deepEqual(dropped({ start: { x: 0, y: 0 }, request: { x: column, y: 0 }, set: { x: -column, y: 0 } }), { x: 10, y: 10 + rank });
});

test("the search finds names, values at any depth and notes, from top to bottom", () => {
  const notes = [{ id: "m", x: 0, y: 900, width: 100, height: 50, text: "Ask Anna", color: "yellow" }];
  const nodes = { request: { config: { url: "https://x.example/", headers: [{ name: "To", value: "ANNA" }] } }, set: { label: "Greet Anna" } };
  const layout = { start: { x: 0, y: 0 }, request: { x: 0, y: 300 }, set: { x: 0, y: 100 } };
  const state = stateOf(flow("start -> set -> request", { nodes, notes, layout }));
  assert.deepEqual(
    find(state, "anna").map((each) => [each.id, each.where]),
    [
      ["set", "name"],
      ["request", "config"],
      ["m", "note"],
    ],
  );
  assert.deepEqual(find(state, "  "), []);
});

test("the next find after the last is the first", () => {
  let state = run(stateOf(flow("start -> set -> set2")), "find", {});
  state = run(state, "find-text", { query: "set" });
  assert.equal(state.search.at, 0);
  state = run(run(state, "find-next"), "find-next");
  assert.equal(state.search.at, 0);
  assert.equal(run(state, "find-previous").search.at, 1);
});

test("several entries are taken back and done again at once, and said once", () => {
  const begin = stateOf(flow("start -> set -> end"), { selection: selectionOf(["set"]) });
  const moved = run(run(run(begin, "nudge-down"), "nudge-down"), "disable");
  const back = run(moved, "travel", { by: -3 });
  assert.deepEqual(back.document.nodes, begin.document.nodes);
  assert.equal(back.announcement.text, "3 changes undone");
  assert.equal(back.announcement.n, moved.announcement.n + 1);
  assert.equal(run(back, "travel", { by: 2 }).history.past.length, 2);
  assert.equal(run(begin, "travel", { by: -1 }), null);
});

test("tidy of some nodes keeps their corner and moves nobody else", () => {
  const layout = { start: { x: 0, y: 0 }, check: { x: 500, y: 90 }, set: { x: 300, y: 400 }, set2: { x: 900, y: 500 } };
  const document = flow("start -> check[yes] -> set; check[else] -> set2", { layout });
  const places = tidyOnly(document, catalogue, new Set(["check", "set", "set2"]));
  assert.deepEqual(Object.keys(places).sort(), ["check", "set", "set2"]);
  assert.equal(Math.min(...Object.values(places).map((place) => place.x)), 300);
  assert.equal(places.check.y, 90);
  assert.equal(places.set.y, places.set2.y);
});

test("a step that came without a place lies under the port that leads to it", () => {
  const document = flow("start -> set -> end", { layout: { start: { x: 0, y: 0 }, set: { x: 0, y: 120 } } });
  assert.deepEqual(placedUnder(document, catalogue).layout.end, { x: 0, y: 240 });
});

test("a port that hangs on a field asks for the field's default", () => {
  const state = stateOf(flow("start -> set -> end"));
  const type = { ...catalogue.types.get("set"), type: "rest", fields: [{ name: "mode", kind: "choice", label: "", default: "for" }] };
  type.ports = [{ id: "next", label: "Next", required: true, when: { field: "mode", in: ["for"] } }];
  const types = new Map([...catalogue.types, ["rest", type]]);
  const next = run({ ...state, catalogue: { ...catalogue, types } }, "replace-with", { node: "set", type: "rest" });
  assert.deepEqual(lines(next.document), ["set[next] -> end", "start[next] -> set"]);
});

test("enter on a note writes it, and its colour and size are commands", () => {
  const notes = [{ id: "m", x: 0, y: 0, width: 160, height: 96, text: "", color: "yellow" }];
  const state = run(stateOf(flow("start -> end", { notes })), "next-note");
  assert.equal(run(state, "open").editingNote, "m");
  assert.equal(run(state, "color-note", { color: "pink" }).document.notes[0].color, "pink");
  assert.equal(run(state, "color-note", { color: "no colour" }), null);
  assert.equal(run(state, "note-wider").document.notes[0].width, 176);
});
