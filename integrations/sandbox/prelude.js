// The first thing evaluated in a fresh engine, before the program of a `code` node. It keeps what it needs of the
// built-in objects to itself, because the program may change any of them. It is no wall: the wall is the process.
(function () {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const { then } = Promise.prototype;
  const { slice } = String.prototype;
  const { toString } = Object.prototype;
  const { isFinite } = Number;
  const text = String;
  const Fault = Error;

  const MOST_LINES = 200;
  const MOST_CHARACTERS = 16384;
  const LONGEST_RESULT = 1048576;
  const CANNOT_BE_KEPT = {
    "[object Map]": "a Map; return Object.fromEntries(map) instead",
    "[object Set]": "a Set; return [...set] instead",
    "[object Promise]": "a promise; write await before it",
    "[object WeakMap]": "a WeakMap",
    "[object WeakSet]": "a WeakSet",
  };

  const lines = [];
  lines.toJSON = undefined; // else stringify would ask Array.prototype, which is the program's to change
  let count = 0;
  let characters = 0;
  let dropped = 0;
  const outcome = { state: "pending", result: null, nothing: false, error: null, stack: null };

  function shown(value) {
    try {
      if (typeof value === "object" && value !== null && !(value instanceof Fault)) return stringify(value) ?? text(value);
      return text(value);
    } catch {
      return "(something that cannot be shown)";
    }
  }

  function write(mark) {
    return (...values) => {
      if (count >= MOST_LINES || characters >= MOST_CHARACTERS) {
        dropped += 1;
        return;
      }
      let line = mark;
      for (let position = 0; position < values.length; position += 1) line += (position ? " " : "") + shown(values[position]);
      const room = MOST_CHARACTERS - characters;
      if (line.length > room) line = `${apply(slice, line, [0, room])}…`;
      lines[count] = line;
      count += 1;
      characters += line.length;
    };
  }

  const console = { log: write(""), info: write(""), debug: write(""), warn: write("warning: "), error: write("error: ") };

  function kept(key, value) {
    const where = key === "" ? "The result" : `"${apply(slice, key, [0, 80])}" in the result`;
    const kind = typeof value;
    if (kind === "bigint") throw new Fault(`${where} is a BigInt; put Number(...) or String(...) around it`);
    if (kind === "function" || kind === "symbol") throw new Fault(`${where} is a ${kind}, which JSON cannot hold`);
    if (kind === "number" && !isFinite(value)) throw new Fault(`${where} is ${value}, which JSON cannot hold`);
    if (kind === "object" && value !== null) {
      const problem = CANNOT_BE_KEPT[apply(toString, value, [])];
      if (problem) throw new Fault(`${where} is ${problem}`);
    }
    return value;
  }

  function fulfilled(value) {
    try {
      outcome.nothing = value === undefined;
      const result = outcome.nothing ? "null" : stringify(value, kept);
      if (result.length > LONGEST_RESULT) throw new Fault("The result is larger than 1 MiB");
      outcome.result = result;
      outcome.state = "done";
    } catch (error) {
      rejected(error, "result");
    }
  }

  function rejected(error, state = "failed") {
    outcome.state = state;
    if (error instanceof Fault) {
      outcome.error = state === "result" ? text(error.message) : text(error);
      outcome.stack = text(error.stack);
    } else {
      outcome.error = shown(error);
    }
  }

  function cut(value, most) {
    return typeof value === "string" ? apply(slice, value, [0, most]) : null;
  }

  function head(state, error) {
    if (dropped) lines[count] = `… and ${dropped} more lines (200 lines and 16 KB are kept)`;
    const own = { toJSON: undefined, state: state || outcome.state, nothing: outcome.nothing, console: lines };
    own.error = cut(error || outcome.error, 2000);
    own.stack = cut(outcome.stack, 8000);
    return stringify(own);
  }

  // Every text that leaves is made by stringify: the binding cannot read one that was joined from pieces.
  return (what, first, second) => {
    if (what === "start") apply(then, first(parse(second), console), [fulfilled, (error) => rejected(error)]);
    else if (what === "head") return head(first, second);
    else return outcome.result ?? "null";
  };
});
