/** Text inside a PNG: an iTXt chunk (UTF-8) is put in before the end; on the way back tEXt and packed iTXt are understood too. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const [HEAD, CRC] = [8, 4];

/** @param {Uint8Array} bytes */
export const isPng = (bytes) => SIGNATURE.every((byte, at) => bytes[at] === byte);

/** @param {Uint8Array} png @param {string} keyword 1 to 79 letters @param {string} text @returns {Uint8Array<ArrayBuffer>} the picture with the text; one of the same keyword is replaced */
export function withText(png, keyword, text) {
  const parts = [png.subarray(0, SIGNATURE.length)];
  for (const chunk of chunksOf(png)) {
    if (chunk.type === "IEND") parts.push(textChunk(keyword, text));
    if (!(isText(chunk.type) && keywordOf(chunk.data) === keyword)) parts.push(chunk.whole);
  }
  return joined(parts);
}

/** @param {Uint8Array} png @param {string} keyword @returns {Promise<string|null>} null: there is no such text, or no PNG */
export async function textIn(png, keyword) {
  if (!isPng(png)) return null;
  for (const { type, data } of chunksOf(png)) {
    if (!isText(type) || keywordOf(data) !== keyword) continue;
    const rest = data.subarray(keyword.length + 1);
    if (type === "tEXt") return new TextDecoder("latin1").decode(rest);
    return type === "zTXt" ? new TextDecoder("latin1").decode(await unpacked(rest.subarray(1))) : international(rest);
  }
  return null;
}

/** @param {string} type */
const isText = (type) => type === "iTXt" || type === "tEXt" || type === "zTXt";

/** @param {Uint8Array} data */
const keywordOf = (data) => new TextDecoder("latin1").decode(data.subarray(0, Math.max(0, data.indexOf(0))));

/** After the keyword: packed or not, how, language, keyword translated, text. @param {Uint8Array} data */
async function international(data) {
  const language = data.indexOf(0, 2);
  const translated = data.indexOf(0, language + 1);
  const text = data.subarray(translated + 1);
  return new TextDecoder().decode(data[0] === 1 ? await unpacked(text) : text);
}

/** @param {Uint8Array} bytes zlib */
async function unpacked(bytes) {
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array} png @returns {Generator<{type: string, data: Uint8Array, whole: Uint8Array}>} as far as it is whole */
function* chunksOf(png) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE.length; at + HEAD + CRC <= png.length; ) {
    const length = view.getUint32(at);
    const end = at + HEAD + length + CRC;
    if (end > png.length) return;
    const type = String.fromCharCode(...png.subarray(at + 4, at + HEAD));
    yield { type, data: png.subarray(at + HEAD, end - CRC), whole: png.subarray(at, end) };
    at = end;
  }
}

/** @param {string} keyword @param {string} text */
function textChunk(keyword, text) {
  const encoder = new TextEncoder();
  const body = joined([encoder.encode("iTXt"), encoder.encode(keyword), new Uint8Array([0, 0, 0, 0, 0]), encoder.encode(text)]);
  const chunk = new Uint8Array(4 + body.length + CRC);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(4 + body.length, crc32(body));
  return chunk;
}

/** @param {Uint8Array[]} parts @returns {Uint8Array<ArrayBuffer>} */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** @param {Uint8Array} bytes */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = /** @type {number} */ (TABLE[(crc ^ byte) & 0xff]) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
