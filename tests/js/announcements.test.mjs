import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { table } from "../../static/editor/model/commands.js";
import { arrangeCommands } from "../../static/editor/model/commands/arrange.js";
import { createStore, editForm, selectionOf } from "../../static/editor/model/state.js";
import { flow, stateOf } from "./flows.mjs";

const commands = new Map([...table(), ...arrangeCommands].map((command) => [command.id, command]));
const golden = JSON.parse(readFileSync(new URL("../cases/announcements.json", import.meta.url), "utf8"));

/** start -> set -> check, two ways to end; the step `set` is chosen, with a note beside it. */
function begin(case_) {
  const document = flow("start -> set -> check[yes] -> set2 -> end; check[else] -> end", {
    notes: [{ id: "m", x: 400, y: 0, width: 200, height: 96, text: "Why", color: "yellow" }],
  });
  const id = case_.select ?? "set";
  const { state } = createStore(stateOf(document, { selection: selectionOf([id]), focused: id }));
  return (case_.before ?? []).reduce((past, [name, args]) => commands.get(name).run(past, args) ?? past, state);
}

for (const each of golden.cases) {
  test(`${each.command}${each.select ? ` on ${each.select}` : ""}: ${each.says}`, () => {
    const before = begin(each);
    const state = each.edit ? editForm(before, each.edit) : before;
    const after = commands.get(each.command).run(state, each.args);
    assert.notEqual(after, null, "it does not apply");
    assert.equal(after.announcement.text, each.says);
    assert.equal(after.announcement.urgent === true, each.urgent === true);
    assert.ok(after.announcement.n > state.announcement.n, "so that the same words twice are said twice");
  });
}

test("every command is said, or moves the focus, or opens what speaks for itself", () => {
  const said = new Set(golden.cases.map((each) => each.command));
  const silent = [...commands.keys()].filter((id) => !said.has(id) && !(id in golden.silent));
  assert.deepEqual(silent, [], "add a golden text, or the reason why it is silent");
});
