import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, following, insert, opening } from "../../static/editor/model/completion.js";

const opens = (text) => opening(text, text.length) !== null;

test("a slash opens the picker at the start of a field", () => assert.ok(opens("/")));
test("a slash opens the picker after white space, also on a new line", () => {
  assert.ok(opens("Call /"));
  assert.ok(opens("Call\n/"));
});
test("a slash opens the picker after an opening quote", () => assert.ok(opens('{"subject": "/')));
test("a slash does not open the picker after a closing quote", () => assert.ok(!opens('"subject"/')));
test("addresses and dates are typed without a picker in the way", () => {
  for (const text of ["https:/", "https://", "https://example.com/", "3/", "and/"]) assert.ok(!opens(text), text);
});
test("two braces always open the picker", () => {
  assert.ok(opens("{{"));
  assert.ok(opens("https://example.com/{{"));
});
test("three braces do not open it again", () => assert.ok(!opens("{{{")));

const typed = (text) => {
  const open = opening("/", 1);
  return following(open, text, text.length);
};
test("what is typed after the slash is the filter", () => assert.equal(typed("/summ").query, "summ"));
test("a second slash leaves the character and closes the picker", () => assert.equal(typed("//"), null));
test("a space after the slash closes the picker", () => assert.equal(typed("/ and"), null));
test("deleting the slash closes the picker", () => assert.equal(typed(""), null));
test("a space after two braces does not close it", () => {
  const open = opening("{{", 2);
  assert.equal(following(open, "{{ sum", 6).query, "sum");
});

test("choosing replaces the slash and the filter and puts the caret behind", () => {
  const text = "Call /fro now";
  assert.deepEqual(accept(text, { start: 5, length: 1, query: "fro" }, 9, "interaction.from"), { text: "Call {{interaction.from}} now", caret: 25 });
});
test("choosing inside braces that were closed already does not close them twice", () => {
  assert.equal(accept("a {{sum}} b", { start: 2, length: 2, query: "sum" }, 7, "vars.sum").text, "a {{vars.sum}} b");
});
test("the button inserts over what is selected", () => {
  assert.deepEqual(insert("abc", 1, 2, "vars.x"), { text: "a{{vars.x}}c", caret: 11 });
});
