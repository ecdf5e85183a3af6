import assert from "node:assert/strict";
import { test } from "node:test";

import { ahead, sampleState, secretState, timeLeft, triggerWords, wallTime } from "../../static/editor/model/words-triggers.js";

const NOW = Date.parse("2026-01-20T12:00:00Z");

test("a secret says since when it holds, and until when the one before does", () => {
  const secret = { has_value: true, updated_at: "2026-01-20T11:00:00Z", previous_until: null };
  assert.equal(secretState({ ...secret, has_value: false }, NOW), triggerWords.noSecret);
  assert.equal(secretState(secret, NOW), "Set 1 hour ago.");
  assert.match(secretState({ ...secret, previous_until: "2026-01-21T11:00:00Z" }, NOW), /^Set 1 hour ago\. The one before is good until Wed,? \d\d:\d\d\.$/);
});

test("a sample is told by its method, its size and its age", () => {
  const at = "2026-01-20T11:59:50Z";
  assert.equal(sampleState({ method: "PUT", body: { a: 1, b: 2 } }, at, NOW), "PUT, 2 values, just now");
  assert.equal(sampleState({ method: "POST", body: [1] }, at, NOW), "POST, 1 value, just now");
  assert.equal(sampleState({ method: "POST", body: "hello" }, at, NOW), "POST, text, just now");
  assert.equal(sampleState({ method: "GET", body: null }, at, NOW), "GET, no body, just now");
});

test("what is left of listening is told in minutes and seconds, never less than none", () => {
  assert.equal(timeLeft("2026-01-20T12:04:09Z", NOW), "4:09");
  assert.equal(timeLeft("2026-01-20T11:00:00Z", NOW), "0:00");
});

test("a schedule's time is its own wall clock's, whatever the browser's zone; another year is named", () => {
  assert.match(wallTime("2026-01-26T07:00", NOW), /^Mon,? 26 Jan,? (at )?07:00$/);
  assert.match(wallTime("2028-02-29T07:00", NOW), /29 Feb 2028/);
  assert.equal(ahead("2026-01-20T12:05:00Z", NOW), "in 5 minutes");
  assert.equal(ahead("2026-01-20T15:00:00Z", NOW), "in 3 hours");
  assert.equal(ahead("2026-01-25T12:00:00Z", NOW), "in 5 days");
});
