/** Pictures that carry a flow: PNG chunks and SVG metadata, there and back; and what a picture must not have in it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { readFlowFile, readFlowText, withConnections } from "../../static/editor/model/flow-file.js";
import { carriedBy } from "../../static/editor/model/carrying.js";
import { pictureOf, symbolsOf, themed } from "../../static/editor/model/picture.js";
import { crc32, isPng, textIn, withText } from "../../static/editor/model/png.js";
import { catalogue, flow } from "./flows.mjs";

const bytes = (text) => new TextEncoder().encode(text);
const number = (value) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const chunk = (type, data) => {
  const body = [...bytes(type), ...data];
  return [...number(data.length), ...body, ...number(crc32(Uint8Array.from(body)))];
};
const DOT = Uint8Array.from([
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ...chunk("IHDR", [...number(1), ...number(1), 8, 0, 0, 0, 0]),
  ...chunk("IDAT", [...deflateSync(Buffer.from([0, 0]))]),
  ...chunk("IEND", []),
]);
const palette = {
  canvas: "#eee",
  surface: "#fff",
  text: "#111",
  "text-2": "#333",
  "text-3": "#555",
  line: "#ddd",
  "line-strong": "#ccc",
  off: "#999",
  bad: "#c00",
  note: "#ffc",
  "note-text": "#440",
  "on-group": "#fff",
  "g-amber": "#b70",
};
const picture = (more = {}) =>
  pictureOf({ document: flow("start -> check[yes] -> request -> end; check[else] -> end"), catalogue, palette, title: "My flow", ...more });

test("a checksum is the one of the standard", () => assert.equal(crc32(bytes("123456789")), 0xcbf43926));

test("a text put into a PNG comes out again, letters of the whole world included", async () => {
  const text = JSON.stringify({ name: "Rückruf “später” 日本 🎉", nodes: [] });
  const carrying = withText(DOT, "segue-flow", text);
  assert.ok(isPng(carrying));
  assert.equal(await textIn(carrying, "segue-flow"), text);
  assert.equal(await textIn(carrying, "other"), null);
});

test("a PNG with a text is still whole: every checksum fits and it ends with IEND", () => {
  const carrying = withText(DOT, "segue-flow", "x".repeat(5000));
  const view = new DataView(carrying.buffer);
  const types = [];
  for (let at = 8; at < carrying.length; ) {
    const length = view.getUint32(at);
    types.push(String.fromCharCode(...carrying.subarray(at + 4, at + 8)));
    assert.equal(view.getUint32(at + 8 + length), crc32(carrying.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  assert.deepEqual(types, ["IHDR", "IDAT", "iTXt", "IEND"]);
});

test("the text of a picture that had one is replaced", async () => {
  const twice = withText(withText(DOT, "k", "old"), "k", "new");
  assert.equal(await textIn(twice, "k"), "new");
  assert.equal(twice.length, withText(DOT, "k", "new").length);
});

test("texts that other programs packed are read too", async () => {
  const packed = [...bytes("segue-flow"), 0, 1, 0, 0, 0, ...deflateSync(Buffer.from("päckchen"))];
  const png = Uint8Array.from([...DOT.subarray(0, 33), ...chunk("iTXt", packed), ...DOT.subarray(33)]);
  assert.equal(await textIn(png, "segue-flow"), "päckchen");
  const plain = Uint8Array.from([...DOT.subarray(0, 33), ...chunk("tEXt", [...bytes("segue-flow"), 0, ...bytes("plain")]), ...DOT.subarray(33)]);
  assert.equal(await textIn(plain, "segue-flow"), "plain");
});

test("a torn PNG, or none at all, carries nothing", async () => {
  assert.equal(await textIn(withText(DOT, "k", "text").subarray(0, 60), "k"), null);
  assert.equal(await textIn(bytes("GIF89a"), "k"), null);
});

test("an SVG is well formed, plain and carries its flow", () => {
  const text = JSON.stringify({ a: "<&>\"'", b: "]]> -- 日本 \u0007" });
  const { svg } = picture({ carries: text });
  assert.equal(carriedBy(svg), text);
  assert.ok(!/foreignObject|<script|<style|on\w+=|href=|url\(/.test(svg));
  assert.equal((svg.match(/<g[ >]/g) ?? []).length, (svg.match(/<\/g>/g) ?? []).length);
  assert.ok(!svg.includes("undefined") && !svg.includes("NaN"));
});

test("a picture says what the cards say, names with special letters too", () => {
  const document = flow("start -> request", {
    nodes: { request: { label: 'Tickets <b>"&"', config: { method: "POST", url: "https://api.example.com/t?key=hush" } } },
  });
  const { svg } = pictureOf({ document, catalogue, palette });
  assert.ok(svg.includes("Tickets &#60;b&#62;&#34;&#38;&#34;"));
  assert.ok(svg.includes("POST api.example.com/t"));
  assert.ok(!svg.includes("hush"));
});

test("branches carry their labels, long texts are cut, notes are wrapped", () => {
  const notes = [{ id: "m", x: 300, y: 0, width: 160, height: 80, text: "Ask Anna before changing this one, please", color: "yellow" }];
  const document = flow("start -> check[yes] -> end", { nodes: { end: { label: "A name that is much longer than any card could ever be wide" } }, notes });
  const { svg } = pictureOf({ document, catalogue, palette });
  assert.ok(svg.includes(">yes<"));
  assert.ok(svg.includes("…<"));
  assert.ok(svg.includes(">Ask Anna before<") || svg.includes(">Ask Anna<"));
});

test("icons come from the sprite, colours from the tokens", () => {
  const sprite = readFileSync(new URL("../../static/icons.svg", import.meta.url), "utf8");
  const icons = symbolsOf(sprite);
  assert.ok(icons.size > 50 && icons.get("zap")?.startsWith("<path"));
  assert.ok(picture({ icons }).svg.includes(icons.get("zap")));
  assert.deepEqual([themed(" light-dark(#fff, #000)", false), themed("light-dark(#fff, #000)", true), themed("#abc", true)], ["#fff", "#000", "#abc"]);
});

test("an empty flow is a small picture", () => assert.ok(pictureOf({ document: flow("start"), catalogue, palette }).width < 500));

const EXPORT = {
  segue: "flows",
  schema: 1,
  flows: [
    {
      name: "T",
      description: "",
      kind: "post_call",
      document: { schema: 1, nodes: [{ id: "r", type: "request", key: "r", label: "R", config: { connection: "Desk" } }], edges: [], layout: {}, notes: [] },
    },
  ],
  connections: [{ name: "Desk", type: "bearer", allowed_hosts: [], used_by: ["R"] }],
};

test("a flow is read from JSON, PNG, SVG, a bare document; from nothing else", async () => {
  const text = JSON.stringify(EXPORT);
  const svg = picture({ carries: text }).svg;
  const found = await Promise.all([bytes(text), withText(DOT, "segue-flow", text), bytes(svg), bytes(`<?xml version="1.0"?>\n${svg}`)].map(readFlowFile));
  for (const file of found) assert.equal(file?.flows[0]?.document.nodes[0]?.id, "r");
  assert.equal(readFlowText(JSON.stringify(EXPORT.flows[0].document))?.flows.length, 1);
  for (const other of [bytes('{"a": 1}'), DOT, bytes("<svg></svg>"), bytes("hello"), bytes("[1]"), bytes('{"segue": "flows", "flows": [{}]}')])
    assert.equal(await readFlowFile(other), null);
});

test("connections become those of the same name and type; others stay open and are named", () => {
  const { document } = EXPORT.flows[0];
  const here = [{ id: "c1", name: "Desk", type: "bearer" }];
  assert.equal(withConnections(document, EXPORT.connections, here, catalogue).document.nodes[0].config.connection, "c1");
  const without = withConnections(document, EXPORT.connections, [{ id: "c2", name: "Desk", type: "basic" }], catalogue);
  assert.deepEqual([without.document.nodes[0].config.connection, without.missing], [null, ["Desk"]]);
});
