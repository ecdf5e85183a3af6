/** The server's merge rule as the shared cases state it; tests/builder/test_merging.py checks the real one by the same file. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { apply, valueAt } from "../../static/editor/model/diff.js";
import { readDocument } from "../../static/editor/model/document.js";
import { merge } from "./server.mjs";

const shared = JSON.parse(readFileSync(new URL("../cases/merge.json", import.meta.url), "utf8"));
const begun = readDocument(shared.document);

for (const each of shared.cases)
  test(`the server: ${each.name}`, () => {
    const result = merge(apply(begun, each.since), each.ops, each.since, (type) => type === shared.trigger);
    assert.equal(result.conflict ?? null, each.conflict);
    if (each.conflict) return;
    assert.deepEqual(result.dropped, each.dropped);
    for (const [path, value] of each.has) assert.deepEqual(valueAt(result.document, path), value);
    for (const path of each.lacks) assert.equal(valueAt(result.document, path), undefined);
  });
