import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, nodeOf, removeNodes, setNode } from "../../static/editor/model/document.js";
import { commit } from "../../static/editor/model/history.js";
import { rebase } from "../../static/editor/model/rebase.js";
import { ago, listed } from "../../static/editor/model/words-sync.js";
import { mergedForm } from "../../static/editor/sync/news.js";
import { questions } from "../../static/editor/sync/questions.js";
import { flow, stateOf } from "./flows.mjs";

const base = flow("start -> set -> end; request", { nodes: { request: { label: "Create ticket", config: { url: "https://x/1", method: "GET" } } } });
const asked = (mine, theirs) => questions(rebase(base, mine, theirs).clashes, commit(stateOf(base), "edit", mine) ?? stateOf(mine));
const requestWith = (config) => setNode(base, "request", { config: { ...nodeOf(base, "request").config, ...config } });

test("a field is asked about by its label, a choice by its words", () => {
  assert.deepEqual(asked(requestWith({ url: "https://x/2" }), requestWith({ url: "https://x/3" })), [
    { id: "/nodes/request/config/url", about: "Create ticket: url", mine: "https://x/2", theirs: "https://x/3" },
  ]);
  const [method] = asked(requestWith({ method: "POST" }), requestWith({ method: null }));
  assert.deepEqual([method.mine, method.theirs], ["POST", "nothing"]);
});

test("a list is shown line by line, without braces", () => {
  const [list] = asked(requestWith({ rows: [{ id: "r1", name: "a", value: 1 }, "plain"] }), requestWith({ rows: [] }));
  assert.deepEqual([list.mine, list.theirs], ["a · 1\nplain", "nothing"]);
  const [object] = asked(requestWith({ body: { content: "x", kind: true } }), requestWith({ body: { content: "y" } }));
  assert.deepEqual([object.mine, object.theirs], ["content: x\nkind: true", "content: y"]);
});

test("a line is asked about by where it leads", () => {
  const [line] = asked(connect(base, "request", "success", "end"), connect(base, "request", "success", "set"));
  assert.deepEqual([line.about, line.mine, line.theirs], ["Create ticket: Where “success” leads", "to end", "to set"]);
});

test("a deleted step is asked about with what was changed in it", () => {
  const [gone] = asked(requestWith({ url: "https://x/2" }), removeNodes(base, ["request"]));
  assert.deepEqual([gone.about, gone.mine, gone.theirs], ["Create ticket", "keep it, with your changes of url", "deleted the step"]);
  const [changed] = asked(removeNodes(base, ["request"]), requestWith({ url: "https://x/2" }));
  assert.deepEqual([changed.mine, changed.theirs], ["deleted the step", "keep it, with the changes of url"]);
});

test("what is typed stays typed, untouched fields follow, a field in two hands is named", () => {
  const old = nodeOf(base, "request");
  const typed = { node: "request", key: old.key, label: "Mine", config: { ...old.config, url: "typed" }, settings: {}, dirty: true, focus: null };
  const now = { ...old, label: "Theirs", config: { method: "POST", url: "https://x/1", extra: 1 } };
  const { form, torn } = mergedForm(typed, old, now);
  assert.deepEqual(form, { key: "request", label: "Mine", config: { method: "POST", url: "typed", extra: 1 }, settings: {} });
  assert.deepEqual(torn, ["label"]);
});

test("names are counted, ages are said as people say them", () => {
  assert.equal(listed(["A"]), "A");
  assert.equal(listed(["A", "B", "A"]), "A and B");
  assert.equal(listed(["A", "B", "C", "D", "E"]), "A, B and 3 more");
  const now = Date.parse("2026-01-01T12:00:00Z");
  assert.deepEqual(
    ["2026-01-01T11:59:50Z", "2026-01-01T11:50:00Z", "2026-01-01T10:00:00Z", "2025-12-30T12:00:00Z"].map((iso) => ago(iso, now)),
    ["just now", "10 minutes ago", "2 hours ago", "2 days ago"],
  );
});
