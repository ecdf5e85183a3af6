/**
 * Two people at one draft, over a network that is slow, loses answers and repeats requests, with tabs that crash: whatever the order,
 * all end with the same document, nothing is taken twice, and nothing written is lost unless its author gave it up.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../static/editor/model/diff.js";
import {
  addNode,
  addNote,
  connect,
  disconnect,
  freeKey,
  healNodes,
  moveNodes,
  removeNodes,
  renameKey,
  setNode,
  setNote,
} from "../../static/editor/model/document.js";
import { commit, redo, undo } from "../../static/editor/model/history.js";
import { rebase, rebasedOps } from "../../static/editor/model/rebase.js";
import { createReplica } from "../../static/editor/sync/replica.js";
import { flow, randomFrom, stateOf } from "./flows.mjs";
import { createServer } from "./server.mjs";

const ROUNDS = 1000;
const isTrigger = (type) => type === "start";
const begun = flow("start -> check[yes] -> set -> end; check[else] -> request -> end2", { notes: [note("m")], layout: { set: { x: 0, y: 0 } } });
const TOKEN = /~\d+~/g;

function note(id) {
  return { id, x: 0, y: 0, width: 10, height: 10, text: "note", color: "yellow" };
}

/** One world: a server, and people whose tabs come and go. */
function world(seed, people) {
  const random = randomFrom(seed);
  const server = createServer(begun, { isTrigger });
  const saved = new Set();
  const writing = server.write;
  server.write = (...given) => {
    const ops = writing(...given);
    for (const token of JSON.stringify(ops).match(TOKEN) ?? []) saved.add(token);
    return ops;
  };
  let written = 0;
  let clients = 0;
  const pick = (list) => list[random(list.length)];
  const fresh = () => `~${++written}~`;

  function tab() {
    return {
      replica: createReplica({ client: `c${++clients}`, document: server.document, revision: server.revision, isTrigger }),
      state: stateOf(server.document),
      /** What the server answered and the network still carries. */ answer: null,
      kept: [],
    };
  }

  /** A change of the document that is not the author's own: what vanishes from the page was saved before, or given up. */
  function takes(me, result, choices) {
    const given = result.clashes.filter((clash) => choices[clash.id] !== "mine");
    const allowed = JSON.stringify([given, result.dropped, result.clashes.map((clash) => clash.theirs)]);
    const after = JSON.stringify(result.document);
    for (const token of JSON.stringify(me.state.document).match(TOKEN) ?? [])
      assert.ok(after.includes(token) || saved.has(token) || allowed.includes(token), `${token} was lost`);
    me.state = { ...me.state, document: result.document };
  }

  function merges(me) {
    if (me.replica.level()) return;
    const asked = me.replica.merged(me.state.document, rebase);
    const choices = Object.fromEntries(asked.clashes.map((clash) => [clash.id, pick(["mine", "theirs"])]));
    takes(me, asked.open ? me.replica.merged(me.state.document, rebase, choices) : asked, choices);
  }

  function hears(me) {
    const { status, body } = me.answer;
    me.answer = null;
    if (status === 200) me.replica.taken(body);
    else {
      me.replica.refused();
      me.replica.learned(body);
    }
    merges(me);
  }

  const acts = {
    edits: (me) => {
      const next = edited(me.state.document, random, fresh);
      me.state = commit(me.state, "edit", next) ?? me.state;
    },
    undoes: (me) => {
      me.state = undo(me.state) ?? me.state;
    },
    redoes: (me) => {
      me.state = redo(me.state) ?? me.state;
    },
    sends: (me) => {
      if (me.answer) return;
      const batch = me.replica.begin(me.state.document);
      if (batch) me.answer = server.post(structuredClone({ client: batch.client, seq: batch.seq, base: batch.base, ops: batch.ops }));
    },
    hears: (me) => me.answer && hears(me),
    loses: (me) => {
      me.answer = null;
    },
    pulls: (me) => {
      if (me.replica.inflight || me.answer) return;
      me.replica.learned(server.news(me.replica.revision));
      merges(me);
    },
    crashes: (me) => {
      const { inflight } = me.replica;
      const rows = [inflight, me.replica.next(me.state.document)].filter(Boolean).map(({ client, seq, base, ops }) => ({ client, seq, base, ops }));
      Object.assign(me, tab(), { kept: [...me.kept, ...rows] });
    },
    adopts: (me) => {
      const row = me.kept[0];
      if (!row) return;
      const { status } = server.post(structuredClone(row));
      if (status === 409 && (me.replica.inflight || me.answer)) return;
      me.kept.shift();
      if (status === 200) return;
      acts.pulls(me);
      if (me.replica.revision !== server.revision) return void me.kept.unshift(row);
      const since = (server.since(row.base) ?? []).filter((write) => write.client !== row.client).flatMap((write) => write.ops);
      // What was made on a draft that had my own earlier batches is put on the draft without them being undone.
      const asked = rebasedOps(me.state.document, row.ops, since, { isTrigger });
      const choices = Object.fromEntries(asked.clashes.map((clash) => [clash.id, pick(["mine", "theirs"])]));
      const result = rebasedOps(me.state.document, row.ops, since, { isTrigger, choices });
      me.state = commit(me.state, "kept", result.document) ?? me.state;
    },
  };
  const ORDER = ["edits", "edits", "edits", "edits", "undoes", "redoes", "sends", "sends", "sends", "hears", "hears", "hears", "loses", "pulls", "pulls"];
  const tabs = Array.from({ length: people }, tab);
  return { server, tabs, acts, pick, random, ORDER };
}

/** One thing somebody does on the canvas. */
function edited(document, random, fresh) {
  const pick = (list) => list[random(list.length)];
  const node = pick(document.nodes);
  const other = pick(document.nodes);
  const port = node.type === "check" ? pick(["yes", "else"]) : node.type === "request" ? pick(["success", "error"]) : "next";
  switch (random(11)) {
    case 0:
    case 1:
      return setNode(document, node.id, { label: fresh() });
    case 2:
      return setNode(document, node.id, { config: { ...node.config, url: fresh() } });
    case 3:
      return moveNodes(document, { [node.id]: { x: random(9), y: random(9) } });
    case 4: {
      const id = `n${fresh().replaceAll("~", "")}`;
      return addNode(document, { id, type: "set", key: freeKey(document, "set"), label: fresh(), config: {} }, { x: 0, y: 0 });
    }
    case 5:
      return node.type === "start" ? document : removeNodes(document, [node.id]);
    case 6:
      return node.type === "start" ? document : healNodes(document, [node.id], () => ["next", "success", "else"]);
    case 7:
      return node.type === "end" || other.type === "start" ? document : connect(document, node.id, port, other.id);
    case 8:
      return document.edges.length ? disconnect(document, [pick(document.edges).id]) : document;
    case 9:
      return document.notes.length
        ? setNote(document, pick(document.notes).id, random(2) ? { text: fresh() } : { x: random(99) })
        : addNote(document, note("x"), `m${fresh().replaceAll("~", "")}`);
    default:
      return renameKey(document, node.id, pick(["alpha", "beta", "gamma"]));
  }
}

/** Everybody comes to rest: all is sent, heard and fetched. */
function settles({ server, tabs, acts }) {
  for (let turn = 0; turn < 60; turn++) {
    for (const me of tabs) {
      acts.hears(me);
      acts.sends(me);
      acts.hears(me);
      acts.adopts(me);
      acts.pulls(me);
    }
    const quiet = tabs.every((me) => !me.answer && !me.kept.length && !me.replica.inflight && !me.replica.next(me.state.document));
    if (quiet && tabs.every((me) => me.replica.revision === server.revision)) return;
  }
  assert.fail("they do not come to rest");
}

function allAgree({ server, tabs }) {
  for (const me of tabs) assert.deepEqual(me.state.document, server.document);
  const batches = server.log.filter((write) => write.client).map((write) => `${write.client} ${write.seq}`);
  assert.equal(new Set(batches).size, batches.length, "a batch was taken twice");
  const replayed = server.log.reduce((document, write) => apply(document, write.ops), begun);
  assert.deepEqual(replayed, server.document);
}

test("1,000 interleavings of two people converge and lose nothing", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const here = world(seed, 2);
    for (let step = 0; step < 30; step++) here.acts[here.pick(here.ORDER)](here.pick(here.tabs));
    try {
      settles(here);
      allAgree(here);
    } catch (error) {
      error.message += ` (seed ${seed})`;
      throw error;
    }
  }
});

test("200 interleavings of three people whose tabs crash converge, and what a tab kept is sent by the next", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const here = world(seed * 7919, 3);
    for (let step = 0; step < 40; step++) here.acts[here.random(12) ? here.pick(here.ORDER) : here.pick(["crashes", "adopts"])](here.pick(here.tabs));
    try {
      settles(here);
      allAgree(here);
    } catch (error) {
      error.message += ` (seed ${seed})`;
      throw error;
    }
  }
});
