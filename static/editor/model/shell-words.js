/** A command line as its words: quotes of bash and of Windows' cmd, escapes, continued lines, as browsers and documents copy them. */

/** @type {Record<string, string>} */
const ESCAPES = { n: "\n", t: "\t", r: "\r", 0: "\0", a: "\x07", b: "\b", f: "\f", v: "\v", e: "\x1b" };

/** @param {string} text @returns {string[]} up to the end of the command; what comes after `|`, `;` or `>` is not its own */
export function shellWords(text) {
  const line = isForCmd(text) ? unescapedCmd(text) : text.replace(/[\\`]\r?\n/g, " ");
  /** @type {string[]} */
  const words = [];
  let word = "";
  let begun = false;
  const end = () => {
    if (begun) words.push(word);
    word = "";
    begun = false;
  };
  for (let at = 0; at < line.length; at++) {
    const char = /** @type {string} */ (line[at]);
    if (/\s/.test(char)) end();
    else if (/[|;&<>]/.test(char) && !begun) break;
    else if (char === "|" || char === ";") break;
    else {
      const [part, next] = read(line, at);
      word += part;
      begun = true;
      at = next;
    }
  }
  end();
  return words;
}

/** One quoted part, or one character. @param {string} line @param {number} at @returns {[string, number]} the text and where its last character stands */
function read(line, at) {
  const char = /** @type {string} */ (line[at]);
  if (char === "'") return quoted(line, at + 1, "'", (text) => text);
  if (char === "$" && line[at + 1] === "'") return ansi(line, at + 2);
  if (char === '"') return doubleQuoted(line, at + 1);
  if (char === "\\" && at + 1 < line.length) return [/** @type {string} */ (line[at + 1]), at + 1];
  return [char, at];
}

/** @param {string} line @param {number} from @param {string} mark @param {(text: string) => string} made @returns {[string, number]} */
function quoted(line, from, mark, made) {
  const to = line.indexOf(mark, from);
  return to < 0 ? [made(line.slice(from)), line.length] : [made(line.slice(from, to)), to];
}

/** In double quotes a backslash speaks for `"`, `\`, `$` and a backtick only. @param {string} line @param {number} from @returns {[string, number]} */
function doubleQuoted(line, from) {
  let text = "";
  for (let at = from; at < line.length; at++) {
    const char = /** @type {string} */ (line[at]);
    if (char === '"') return [text, at];
    if (char === "\\" && '"\\$`'.includes(line[at + 1] ?? " ")) text += line[++at];
    else text += char;
  }
  return [text, line.length];
}

/** `$'...'`, the way Chrome writes texts with line breaks or umlauts. @param {string} line @param {number} from @returns {[string, number]} */
function ansi(line, from) {
  let text = "";
  for (let at = from; at < line.length; at++) {
    const char = /** @type {string} */ (line[at]);
    if (char === "'") return [text, at];
    if (char !== "\\") {
      text += char;
      continue;
    }
    const code = /^\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|U([0-9a-fA-F]{1,8}))/.exec(line.slice(at));
    const next = line[at + 1] ?? "";
    text += code ? String.fromCodePoint(Math.min(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? "0", 16), 0x10ffff)) : (ESCAPES[next] ?? next);
    at += code ? code[0].length - 1 : 1;
  }
  return [text, line.length];
}

/** "Copy as cURL (cmd)": lines end with a caret, quotes are written as ^" too. @param {string} text */
const isForCmd = (text) => /\^\r?\n/.test(text) || /\^"/.test(text);

/** @param {string} text */
function unescapedCmd(text) {
  const plain = text.replace(/\^\r?\n[ \t]*/g, " ").replace(/\^(.)/g, "$1");
  return plain.replace(/""/g, '\\"').replace(/(\s)\\"(\s|$)/g, '$1""$2');
}
