import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const EDITOR = resolve(dirname(fileURLToPath(import.meta.url)), "../../static/editor");
const FIRST = 18;
const modules = readdirSync(EDITOR, { recursive: true })
  .filter((name) => name.endsWith(".js"))
  .map((name) => join(EDITOR, name));
const source = (path) => readFileSync(path, "utf8");
const imports = (path) => [...source(path).matchAll(/^(?:import|export)\b[^;"'()]*?["'](\.[^"']+)["']/gm)].map(([, to]) => resolve(dirname(path), to));

test("the first canvas waits for eighteen modules at most", () => {
  const found = new Set([join(EDITOR, "main.js")]);
  for (const path of found) for (const next of imports(path)) found.add(next);
  assert.ok(found.size <= FIRST, [...found].map((path) => relative(EDITOR, path)).join("\n"));
});

test("no module is longer than 400 lines", () => {
  const long = modules.filter((path) => source(path).split("\n").length > 401);
  assert.deepEqual(long, []);
});

test("the model knows neither page nor server, and no part of the editor outside itself", () => {
  const page = /\b(?:window|localStorage|navigator|fetch|document\.(?:create|query|body|get|add|head|documentElement)\w*)\b\s*[.([]/;
  const model = modules.filter((path) => relative(EDITOR, path).startsWith("model/"));
  const outside = model.flatMap((path) => imports(path).filter((to) => !relative(EDITOR, to).startsWith("model/")));
  assert.deepEqual(outside, []);
  const code = (path) => source(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  assert.deepEqual(
    model.filter((path) => page.test(code(path))).map((path) => relative(EDITOR, path)),
    [],
  );
});

test("every module that is imported is there", () => {
  const missing = modules.flatMap((path) => imports(path).filter((to) => !modules.includes(to)));
  assert.deepEqual(missing, []);
});
