import assert from "node:assert/strict";
import { test } from "node:test";
import { addMapping, jsonPath, rowsOf, typeOf, variableName } from "../../static/editor/model/mapping.js";

test("a path of plain names is written with dots", () => assert.equal(jsonPath(["ticket", "id"]), "$.ticket.id"));
test("list items and odd names are written in brackets", () => {
  assert.equal(jsonPath(["items", 0, "first name", "it's"]), "$.items[0]['first name']['it\\'s']");
});
test("a word that says nothing alone takes its parent's name", () => {
  assert.equal(variableName(["ticket", "id"], []), "ticket_id");
  assert.equal(variableName(["tickets", 0, "id"], []), "ticket_id");
  assert.equal(variableName(["id"], []), "id");
});
test("names are written in small letters with underscores", () => {
  assert.equal(variableName(["requesterEmail"], []), "requester_email");
  assert.equal(variableName(["2nd line"], []), "v_2nd_line");
});
test("a name that is taken gets a number", () => assert.equal(variableName(["priority"], ["priority", "priority_2"]), "priority_3"));
test("types are guessed from the value", () => {
  const guesses = [
    ["a", "text"],
    [3, "number"],
    [true, "boolean"],
    ["2026-07-01T10:00:00Z", "datetime"],
    [[1], "list"],
    [{ a: 1 }, "object"],
    [null, "any"],
  ];
  for (const [value, type] of guesses) assert.equal(typeOf(value), type);
});
test("a click adds one row", () => {
  const { rows, added } = addMapping([{ path: "$.a", variable: "a", default: "" }], ["ticket", "url"]);
  assert.ok(added);
  assert.deepEqual(rows[1], { path: "$.ticket.url", variable: "ticket_url", default: "" });
});
test("a second click on the same value adds nothing", () => {
  const rows = [{ path: "$.ticket.id", variable: "ticket_no", default: "" }];
  const again = addMapping(rows, ["ticket", "id"]);
  assert.ok(!again.added);
  assert.equal(again.row.variable, "ticket_no");
  assert.equal(again.rows.length, 1);
});
test("a folded object is one row and an open one shows its members", () => {
  const value = { ticket: { id: 7 }, tags: [] };
  assert.deepEqual(
    rowsOf(value, () => false).map((row) => row.at),
    ["$"],
  );
  assert.deepEqual(
    rowsOf(value, () => true).map((row) => `${row.at} ${row.text}`),
    ["$ ", "$.ticket ", "$.ticket.id 7", "$.tags 0 items"],
  );
});
