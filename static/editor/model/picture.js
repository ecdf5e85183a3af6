/**
 * The flow as a picture: plain SVG drawn from the model, in the colours of one theme, with the flow itself in its metadata. No styles from
 * outside, no foreign objects, no scripts: it looks the same in a browser, an office program and a wiki.
 */

/** @import {Catalogue, FlowDocument, FlowNode, Note, Point} from "../types.js" */

import { escaped, metadata } from "./carrying.js";
import { portsOf, summaryOf, typeOf } from "./catalogue.js";
import { bounds, contentRects, edgeMarks, edgePath, heightOf, portAt, WIDTH } from "./geometry.js";
import { indexOf } from "./graph.js";
import { placesOf } from "./layout.js";
import { referencesIn } from "./references.js";
import { endsOf } from "./spatial.js";

/** Colours by the names of the tokens, without their dashes. @typedef {Record<string, string>} Palette */
/** @typedef {{document: FlowDocument, catalogue: Catalogue, names?: {connections?: any[], agents?: any[]}, palette: Palette, icons?: Map<string, string>, title?: string, carries?: string}} Scene
 *  icons: what is inside each symbol of the sprite; carries: text that travels along */

const MARGIN = 40;
const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
/** @param {Scene} scene @returns {{svg: string, width: number, height: number}} */
export function pictureOf({ document, catalogue, names = {}, palette, icons = new Map(), title = "", carries = "" }) {
  const places = placesOf(document, catalogue);
  const box = bounds(contentRects(document, places)) ?? { x: 0, y: 0, width: WIDTH, height: 64 };
  const [x, y, width, height] = [box.x - MARGIN, box.y - MARGIN, box.width + 2 * MARGIN, box.height + 2 * MARGIN + 16];
  const parts = [
    element("rect", { x, y, width, height, fill: palette.canvas ?? "#fff" }),
    ...document.notes.map((note) => noteOf(note, palette)),
    ...document.edges.map((edge) => lineOf(document, catalogue, places, edge, palette)),
    ...document.nodes.map((node) => cardOf(node, places[node.id] ?? { x: 0, y: 0 }, { catalogue, names, palette, icons })),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}" font-family="${FONT}" role="img">`;
  return { svg: `${head}<title>${escaped(title)}</title>${carries ? metadata(carries) : ""}${parts.join("")}</svg>\n`, width, height };
}

/** The drawings of a sprite by the ids of their symbols, "i-" taken off. @param {string} sprite @returns {Map<string, string>} */
export function symbolsOf(sprite) {
  return new Map([...sprite.matchAll(/<symbol id="i-([\w-]+)"[^>]*>(.*?)<\/symbol>/gs)].map(([, id = "", inside = ""]) => [id, inside]));
}

/** One theme's side of `light-dark(#fff, #000)`. @param {string} value of a token @param {boolean} dark */
export function themed(value, dark) {
  const both = /light-dark\(\s*([^,]+?)\s*,\s*([^)]+?)\s*\)/.exec(value.trim());
  return both ? /** @type {string} */ (dark ? both[2] : both[1]) : value.trim();
}

// --- Parts

/** @param {FlowNode} node @param {Point} place @param {{catalogue: Catalogue, names: any, palette: Palette, icons: Map<string, string>}} with_ */
function cardOf(node, place, { catalogue, names, palette, icons }) {
  const type = typeOf(catalogue, node.type);
  const { x, y } = place;
  const summary = plain(summaryOf(node, catalogue, { connections: [], agents: [], flows: [], ...names }));
  const [name, ink] = [node.label || type?.label || node.type, node.disabled ? palette["text-3"] : palette.text];
  const inner = icons.get(type?.icon ?? "help") ?? icons.get("help") ?? "";
  const ports = portsOf(node, catalogue);
  const middle = y + 32;
  return element(
    "g",
    {},
    element("rect", {
      x,
      y,
      width: WIDTH,
      height: heightOf(node),
      rx: 12,
      fill: palette.surface,
      stroke: palette["line-strong"],
      "stroke-dasharray": node.disabled ? "4 4" : null,
    }),
    element("rect", { x: x + 14, y: y + 16, width: 32, height: 32, rx: 8, fill: palette[`g-${type?.group.color ?? "slate"}`] }),
    `<g transform="translate(${x + 20} ${y + 22})" fill="none" stroke="${palette["on-group"]}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${inner}</g>`,
    words(x + 58, summary ? middle - 5 : middle + 5, fitted(name, 178, 13.5), { size: 13.5, weight: 600, fill: ink }),
    summary ? words(x + 58, middle + 14, fitted(summary, 182, 12), { size: 12, fill: palette["text-2"] }) : "",
    ...ports.map((_, at) => dot(portAt(node, place, at, ports.length), palette)),
  );
}

/** @param {Point} at @param {Palette} palette */
const dot = (at, palette) => element("circle", { cx: at.x, cy: at.y, r: 4, fill: palette.surface, stroke: palette.off, "stroke-width": 1.5 });

/** @param {FlowDocument} document @param {Catalogue} catalogue @param {Readonly<Record<string, Point>>} places @param {import("../types.js").Edge} edge @param {Palette} palette */
function lineOf(document, catalogue, places, edge, palette) {
  const ends = endsOf(document, catalogue, places, edge);
  if (!ends) return "";
  const source = indexOf(document).byId.get(edge.source);
  const ports = source ? portsOf(source, catalogue) : [];
  const label = ports.length > 1 ? (ports.find((port) => port.id === edge.port)?.label ?? "") : "";
  const stroke = edge.port === "error" ? palette.bad : palette.off;
  const line = element("path", { d: edgePath(ends.from, ends.to), fill: "none", stroke, "stroke-width": 1.75 });
  return label ? line + tag(edgeMarks(ends.from, ends.to).label, label, palette) : line;
}

/** @param {Point} at @param {string} label @param {Palette} palette */
function tag(at, label, palette) {
  const text = fitted(label, 150, 11);
  const width = widthOf(text, 11) + 16;
  return (
    element("rect", { x: at.x - width / 2, y: at.y - 10, width, height: 20, rx: 10, fill: palette.surface, stroke: palette.line }) +
    words(at.x, at.y + 4, text, { size: 11, weight: 500, fill: palette["text-2"], anchor: "middle" })
  );
}

/** @param {Note} note @param {Palette} palette */
function noteOf(note, palette) {
  const most = Math.max(1, Math.floor((note.height - 20) / 17));
  const lines = wrapped(note.text, note.width - 24, 12.5).slice(0, most);
  return element(
    "g",
    {},
    element("rect", { x: note.x, y: note.y, width: note.width, height: note.height, rx: 6, fill: palette.note }),
    ...lines.map((line, at) => words(note.x + 12, note.y + 24 + at * 17, line, { size: 12.5, fill: palette["note-text"] })),
  );
}

/** A variable in a summary reads as its path. @param {string} text */
const plain = (text) => referencesIn(text).reduceRight((result, each) => result.slice(0, each.start) + each.path + result.slice(each.end), text);

// --- Text: nothing can be measured here, so widths are estimated

/** @param {string} text @param {number} size */
function widthOf(text, size) {
  let width = 0;
  for (const char of text)
    width += /[\u1100-\uffdc\u{1f300}-\u{1faff}]/u.test(char)
      ? 1
      : /[mwMW@%]/.test(char)
        ? 0.88
        : /[A-Z0-9]/.test(char)
          ? 0.66
          : /[fijlrt.,:;'|()[\]! ]/.test(char)
            ? 0.34
            : 0.57;
  return width * size;
}

/** @param {string} text @param {number} width @param {number} size */
function fitted(text, width, size) {
  if (widthOf(text, size) <= width) return text;
  let short = [...text];
  while (short.length > 1 && widthOf(`${short.join("")}…`, size) > width) short = short.slice(0, -1);
  return `${short.join("").trimEnd()}…`;
}

/** @param {string} text @param {number} width @param {number} size @returns {string[]} */
function wrapped(text, width, size) {
  return text.split("\n").flatMap((paragraph) => {
    const lines = [""];
    for (const word of paragraph.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (widthOf(longer, size) <= width || !lines.at(-1)) lines[lines.length - 1] = fitted(longer, width, size);
      else lines.push(fitted(word, width, size));
    }
    return lines;
  });
}

/** @param {number} x @param {number} y @param {string} text @param {{size: number, weight?: number, fill: string|undefined, anchor?: string}} how */
const words = (x, y, text, { size, weight, fill, anchor }) =>
  element("text", { x, y, "font-size": size, "font-weight": weight ?? null, fill, "text-anchor": anchor ?? null, "xml:space": "preserve" }, escaped(text));

/** @param {string} name @param {Record<string, string|number|null|undefined>} attributes @param {...string} inside markup */
function element(name, attributes, ...inside) {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(String(typeof value === "number" ? Math.round(value * 100) / 100 : value))}"`)
    .join("");
  return inside.length ? `<${name}${written}>${inside.join("")}</${name}>` : `<${name}${written}/>`;
}
