import assert from "node:assert/strict";
import { test } from "node:test";
import { createCommandRunner } from "../../static/editor/model/command-runner.js";
import { table } from "../../static/editor/model/commands.js";
import { createStore, editForm, selectionOf } from "../../static/editor/model/state.js";
import { flow, lines, stateOf } from "./flows.mjs";

function editor(document, more) {
  const store = createStore(stateOf(document, more));
  let answer = true;
  const runner = createCommandRunner(store, () => ({
    leaveForm: async () => answer,
    flush: async () => true,
    canvas: { focus() {} },
    commands: runner,
    runs: { close() {} },
  }));
  runner.open(table());
  return {
    store,
    run: runner.run,
    commands: runner,
    refuse: () => (answer = false),
    select: (...nodes) => store.dispatch((state) => ({ ...state, selection: selectionOf(nodes), focused: nodes[0] ?? null })),
  };
}
const idOf = (store, type) => store.state.document.nodes.find((node) => node.type === type && node.id.startsWith("n"))?.id;

test("inserting on an edge splices, makes room, and is one undo", () => {
  const { store, run } = editor(
    flow("start -> set -> end", {
      layout: { start: { x: 0, y: 0 }, set: { x: 0, y: 120 }, end: { x: 0, y: 240 } },
      notes: [{ id: "m", x: 300, y: 130, width: 100, height: 50, text: "", color: "yellow" }],
    }),
  );
  run("insert", { type: "check", edge: "e_start_" });
  const id = idOf(store, "check");
  assert.deepEqual(lines(store.state.document), [`${id}[b1] -> set`, "set[next] -> end", `start[next] -> ${id}`]);
  assert.deepEqual([store.state.document.layout.set.y, store.state.document.layout.end.y, store.state.document.notes[0].y], [240, 360, 250]);
  run("undo");
  assert.deepEqual(lines(store.state.document), ["set[next] -> end", "start[next] -> set"]);
  assert.equal(store.state.document.layout.set.y, 120);
});

test("a click in the palette adds after the selection", () => {
  const { store, run, select } = editor(flow("start -> set"));
  select("set");
  run("insert", { type: "end" });
  assert.deepEqual(lines(store.state.document), [`set[next] -> ${idOf(store, "end")}`, "start[next] -> set"]);
  assert.deepEqual([...store.state.selection.nodes], [idOf(store, "end")]);
});

test("after a step is added at the bottom its open end lies above the tools", () => {
  const { store, run, select } = editor(flow("start -> set"));
  store.dispatch((state) => ({ ...state, viewport: { width: 900, height: 400 }, camera: { x: 200, y: 60, zoom: 1 } }));
  select("set");
  run("insert", { type: "wait" });
  const [id] = [...store.state.selection.nodes];
  const { y, zoom } = store.state.camera;
  assert.ok((store.state.document.layout[id].y + 64 + 44) * zoom + y <= 400 - 52, "the + is under the tools");
});

test("the trigger is neither deleted nor pasted nor turned off", () => {
  const { store, run, select } = editor(flow("start -> set"));
  select("start", "set");
  run("copy");
  run("disable");
  assert.deepEqual(
    store.state.document.nodes.map((node) => [node.id, node.disabled ?? false]),
    [
      ["set", true],
      ["start", false],
    ],
  );
  run("delete");
  assert.deepEqual(
    store.state.document.nodes.map((node) => node.id),
    ["start"],
  );
  run("paste");
  assert.equal(store.state.document.nodes.length, 2);
});

test("pasting makes keys unique and lets references inside the set follow", () => {
  const document = flow("start -> request -> set", {
    nodes: { set: { config: { assignments: [{ name: "a", value: "{{steps.request.status}} {{steps.other.x}}" }] } } },
  });
  const { store, run, select } = editor(document);
  select("request", "set");
  run("copy");
  run("paste");
  const pasted = store.state.document.nodes.filter((node) => store.state.selection.nodes.has(node.id));
  assert.deepEqual(pasted.map((node) => node.key).sort(), ["request_2", "set_2"]);
  assert.equal(pasted.find((node) => node.type === "set").config.assignments[0].value, "{{steps.request_2.status}} {{steps.other.x}}");
  assert.equal(store.state.document.edges.length, 3);
});

test("connections stay in their workspace, text from elsewhere is refused quietly", () => {
  const { store, run } = editor(flow("start"), { workspace: "here" });
  const clip = {
    segue: "nodes",
    schema: 1,
    workspace: "there",
    nodes: [{ id: "x", type: "request", key: "x", label: "X", config: { url: "u", connection: "c1" } }],
  };
  assert.equal(run("paste", { text: JSON.stringify(clip), at: { x: 0, y: 0 } }), true);
  assert.deepEqual(store.state.document.nodes.find((node) => node.type === "request").config, { url: "u" });
  assert.equal(run("paste", { text: "hello" }), false);
});

test("Save Changes is one entry; the edge of a branch that went goes with it and what hung on it is named", () => {
  const { store, run, select } = editor(flow("start -> check[yes] -> set; check[else] -> end"));
  select("check");
  store.dispatch((state) => editForm(state, { config: { branches: [] }, label: "Which?" }));
  assert.equal(store.state.form.dirty, true);
  run("save-form");
  assert.deepEqual(lines(store.state.document), ["check[else] -> end", "start[next] -> check"]);
  assert.match(store.state.announcement.text, /Configure Which\?.*set/);
  assert.equal(store.state.form.dirty, false);
  run("undo");
  assert.equal(store.state.document.edges.length, 3);
  assert.equal(store.state.form.label, "check");
});

test("the edge of a path for errors goes with the setting that made it, in the same entry", () => {
  const { store, run, select } = editor(
    flow("start -> request[error] -> end; request[success] -> set", { nodes: { request: { settings: { on_error: "branch" } } } }),
  );
  assert.equal(store.state.document.edges.length, 3);
  select("request");
  store.dispatch((state) => editForm(state, { settings: { on_error: "stop" } }));
  run("save-form");
  assert.deepEqual(lines(store.state.document), ["request[success] -> set", "start[next] -> request"]);
  assert.match(store.state.announcement.text, /Configure request.*end/);
  run("undo");
  assert.equal(store.state.document.edges.length, 3);
});

test("a step that cannot be passed by is not turned off", () => {
  const { store, run, select } = editor(flow("start -> set -> end"));
  select("end");
  run("disable");
  assert.deepEqual(
    store.state.document.nodes.filter((node) => node.disabled),
    [],
  );
});

test("typing a value back makes the form clean again", () => {
  const { store, select } = editor(flow("start -> set"));
  select("set");
  store.dispatch((state) => editForm(state, { label: "x" }));
  store.dispatch((state) => editForm(state, { label: "set" }));
  assert.equal(store.state.form.dirty, false);
});

test("leaving a dirty form asks; Stay keeps everything", async () => {
  const { store, run, select, refuse } = editor(flow("start -> set"));
  select("set");
  store.dispatch((state) => editForm(state, { label: "x" }));
  refuse();
  run("walk-up");
  await Promise.resolve();
  assert.deepEqual([...store.state.selection.nodes], ["set"]);
  assert.equal(store.state.form.label, "x");
});

test("arrows walk the links", () => {
  const { store, run } = editor(
    flow("start -> check[yes] -> set; check[else] -> end", {
      layout: { start: { x: 0, y: 0 }, check: { x: 0, y: 120 }, set: { x: -152, y: 240 }, end: { x: 152, y: 240 } },
    }),
  );
  const seen = ["walk-down", "walk-down", "walk-down", "walk-right", "walk-up"].map((id) => run(id) && store.state.focused);
  assert.deepEqual(seen, ["start", "check", "set", "end", "check"]);
});

test("after a delete the keyboard stands on a neighbour, never nowhere", () => {
  const { store, run, select } = editor(flow("start -> set -> set2 -> end"));
  select("set2");
  run("delete");
  assert.equal(store.state.focused, "set");
  run("undo");
  select("end");
  run("heal");
  assert.equal(store.state.focused, "set2");
});

test("a reader changes nothing", () => {
  const { store, run, select } = editor(flow("start -> set"), { readonly: "You can look." });
  select("set");
  const before = store.state.document;
  for (const id of ["delete", "heal", "disable", "duplicate", "tidy", "add-note", "rename"]) assert.equal(run(id), false, id);
  assert.equal(store.state.document, before);
});

test("every command has a unique id and a label, and no key means two things", () => {
  const commands = table();
  assert.equal(new Set(commands.map((command) => command.id)).size, commands.length);
  const keys = commands.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length);
  for (const command of commands.filter((each) => !each.hidden)) assert.ok(command.label, command.id);
});
