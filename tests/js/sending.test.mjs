import assert from "node:assert/strict";
import { test } from "node:test";
import { batchBody } from "../../static/editor/sync/api.js";

const batch = {
  client: "c",
  seq: 3,
  base: 7,
  ops: [
    { path: "/notes/m", before: { text: "x".repeat(100) }, after: null },
    { path: "/nodes/n", after: { id: "n" } },
  ],
};

test("a batch is sent as it is while it is light", () => {
  assert.deepEqual(batchBody({ ...batch, document: {} }), batch);
});

test("a heavy batch leaves out what the server has, and still says what was there", () => {
  assert.deepEqual(batchBody(batch, 100).ops, [
    { path: "/notes/m", before: null, after: null },
    { path: "/nodes/n", after: { id: "n" } },
  ]);
});
