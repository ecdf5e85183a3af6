/** The text that travels inside a picture or is the file itself: the metadata of an SVG, a chunk of a PNG, plain JSON. */

import { isPng, textIn } from "./png.js";

/** The keyword of the text inside a PNG. */
export const KEYWORD = "segue-flow";
const [OPEN, CLOSE] = ['<metadata id="segue-flow">', "</metadata>"];
const LARGEST = 40 * 1024 * 1024;
const IS_SVG = /^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE[^>]*>\s*)?<svg\b/is;

/** @param {Uint8Array} bytes of a file @returns {Promise<string>} "" when it carries nothing */
export async function carriedText(bytes) {
  if (bytes.length > LARGEST) return "";
  if (isPng(bytes)) return (await textIn(bytes, KEYWORD)) ?? "";
  const text = new TextDecoder().decode(bytes);
  return IS_SVG.test(text) ? (carriedBy(text) ?? "") : text;
}

/** @param {string} text @returns {string} a part of an SVG */
export const metadata = (text) => `${OPEN}${escaped(text)}${CLOSE}`;

/** What an SVG carries. @param {string} svg @returns {string|null} */
export function carriedBy(svg) {
  const from = svg.indexOf(OPEN);
  const to = svg.indexOf(CLOSE, from);
  if (from < 0 || to < 0) return null;
  const names = /** @type {Record<string, string>} */ ({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" });
  return svg.slice(from + OPEN.length, to).replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name) return names[name] ?? whole;
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

/** As XML holds it; letters that it cannot hold are dropped. @param {string} text */
export const escaped = (text) =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
