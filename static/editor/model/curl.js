/**
 * A cURL command as an API request: method, address, query, headers, body; and what must not be in a document: credentials come out
 * apart, other secrets are left out and named.
 */

import { shellWords } from "./shell-words.js";

/** @typedef {{name: string, value: string}} Pair */
/**
 * @typedef {(
 *   {type: "basic", username: string, password: string} |
 *   {type: "bearer", token: string} |
 *   {type: "api_key", key: string, place: "header"|"query", name: string, prefix: string}
 * )} Credentials   as a connection of that type keeps them
 */
/** @typedef {{type: "none"|"json"|"form"|"multipart"|"text", content?: string, form?: Pair[]}} Body */
/**
 * @typedef {object} CurlRequest
 * @property {string} method
 * @property {string} url        without its query and credentials
 * @property {Pair[]} query
 * @property {Pair[]} headers
 * @property {Body} body
 * @property {Credentials|null} credentials
 * @property {{timeout_seconds?: number, retry?: {max_attempts: number}}} settings
 * @property {boolean} follow    redirects
 * @property {string[]} left     what was left out, in words
 */

/** Options with a value that say nothing about the request. */
const SKIPPED = new Set(
  "-o --output -w --write-out -x --proxy -U --proxy-user --connect-timeout --cacert --capath --cert -E --key --pass --ciphers --resolve --interface -c --cookie-jar --limit-rate --max-redirs -D --dump-header --trace --trace-ascii --stderr --noproxy -r --range --retry-delay --retry-max-time --tls-max --cert-type --key-type --dns-servers --unix-socket --keepalive-time -C --continue-at -z --time-cond -y -Y --expect100-timeout -K --config".split(
    " ",
  ),
);
/** Headers that the connection to the server makes by itself, or that only a browser means. */
const OWN_HEADERS =
  /^(host|content-length|connection|accept-encoding|origin|referer|user-agent|dnt|priority|pragma|cache-control|upgrade-insecure-requests|te|sec-.*|:.*)$/i;
const SECRET = /authorization|api[-_]?key|apikey|secret|token|password|passwd|private[-_]?key/i;
const SECRET_MEMBER = /secret|password|passwd|api[-_]?key|apikey|access[-_]?token|refresh[-_]?token|private[-_]?key|^token$/i;
const NO_SECRET = /^(idempotency-key|x-csrf-token|x-xsrf-token|max_tokens|.*tokens)$/i;

/** @param {string} text */
export const isCurl = (text) => /^\s*(?:\$\s+)?curl(?:\.exe)?\s/i.test(text);

/** @param {string} text @returns {CurlRequest|null} null: no cURL command, or one without an address */
export function readCurl(text) {
  if (!isCurl(text) || text.length > 500_000) return null;
  const given = optionsOf(shellWords(text.replace(/^\s*\$\s+/, "")).slice(1));
  return given.url ? requestOf(given) : null;
}

/**
 * @typedef {object} Given
 * @property {string} url @property {string} method @property {[string, string][]} headers @property {{text: string, binary: boolean}[]} data
 * @property {Pair[]} form @property {string} user @property {string} bearer @property {boolean} get @property {boolean} head @property {boolean} json
 * @property {boolean} follow @property {number} timeout @property {number} retries @property {string[]} left
 */

/** @param {string[]} words @returns {Given} */
function optionsOf(words) {
  /** @type {Given} */
  const given = {
    url: "",
    method: "",
    headers: [],
    data: [],
    form: [],
    user: "",
    bearer: "",
    get: false,
    head: false,
    json: false,
    follow: false,
    timeout: 0,
    retries: 0,
    left: [],
  };
  for (let at = 0; at < words.length; at++) {
    for (const [option, attached] of optionsIn(/** @type {string} */ (words[at]))) {
      if (option === null) given.url ||= attached ?? "";
      else if (takesValue(option)) {
        const value = attached ?? words[++at] ?? "";
        VALUES[option]?.(given, value);
      } /** @type {((given: Given) => void)|undefined} */ else FLAGS[option]?.(given);
    }
  }
  return given;
}

/** @param {string} option */
const takesValue = (option) => SKIPPED.has(option) || option in VALUES;

/**
 * "-sSLXPOST" is four options, the last one with a value; "--request=PUT" has its value too; what is no option is an address.
 * @param {string} word @returns {[string|null, string|undefined][]}
 */
function optionsIn(word) {
  if (!word.startsWith("-") || word === "-") return [[null, word]];
  if (word.startsWith("--")) {
    const at = word.indexOf("=");
    return [at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined]];
  }
  /** @type {[string, string|undefined][]} */
  const found = [];
  for (let at = 1; at < word.length; at++) {
    const option = `-${word[at]}`;
    const rest = word.slice(at + 1);
    if (takesValue(option)) return [...found, [option, rest || undefined]];
    found.push([option, undefined]);
  }
  return found;
}

/** Those with a value. @type {Record<string, (given: Given, value: string) => void>} */
const VALUES_LONG = {
  "--url": (given, value) => {
    given.url = value;
  },
  "--request": (given, value) => {
    given.method = value.toUpperCase();
  },
  "--header": (given, value) => {
    const [, name = "", text = ""] = /^\s*([^:;]+?)\s*[:;]\s*(.*)$/s.exec(value) ?? [];
    if (name) given.headers.push([name, text]);
  },
  "--data": (given, value) => addData(given, value, false),
  "--data-ascii": (given, value) => addData(given, value, false),
  "--data-binary": (given, value) => addData(given, value, true),
  "--data-raw": (given, value) => void given.data.push({ text: value, binary: true }),
  "--data-urlencode": (given, value) => addEncoded(given, value),
  "--json": (given, value) => {
    given.json = true;
    addData(given, value, true);
  },
  "--form": (given, value) => addForm(given, value),
  "--form-string": (given, value) => addForm(given, value, true),
  "--user": (given, value) => {
    given.user = value;
  },
  "--oauth2-bearer": (given, value) => {
    given.bearer = value;
  },
  "--user-agent": (given, value) => void (/mozilla|curl/i.test(value) || given.headers.push(["User-Agent ", value])),
  "--referer": () => {},
  "--cookie": (given) => void given.left.push("cookies"),
  "--upload-file": (given, value) => {
    given.method ||= "PUT";
    given.left.push(`the file ${value}`);
  },
  "--max-time": (given, value) => {
    given.timeout = Number(value) || 0;
  },
  "--retry": (given, value) => {
    given.retries = Number(value) || 0;
  },
};
/** @type {Record<string, (given: Given) => void>} */
const FLAGS_LONG = {
  "--get": (given) => {
    given.get = true;
  },
  "--head": (given) => {
    given.head = true;
  },
  "--location": (given) => {
    given.follow = true;
  },
  "--location-trusted": (given) => {
    given.follow = true;
  },
};
/** @type {Record<string, string>} */
const SHORT = {
  X: "request",
  H: "header",
  d: "data",
  F: "form",
  u: "user",
  A: "user-agent",
  e: "referer",
  b: "cookie",
  T: "upload-file",
  m: "max-time",
  G: "get",
  I: "head",
  L: "location",
};
const VALUES = withShort(VALUES_LONG);
const FLAGS = withShort(FLAGS_LONG);

/** @template T @param {Record<string, T>} long @returns {Record<string, T>} */
function withShort(long) {
  const short = Object.entries(SHORT).flatMap(([letter, name]) => (long[`--${name}`] ? [[`-${letter}`, long[`--${name}`]]] : []));
  return { ...long, ...Object.fromEntries(short) };
}

/** @param {Given} given @param {string} value @param {boolean} binary */
function addData(given, value, binary) {
  if (value.startsWith("@")) given.left.push(`the file ${value.slice(1)}`);
  else given.data.push({ text: binary ? value : value.replace(/\r?\n/g, ""), binary });
}

/** @param {Given} given @param {string} value `name=text`, `=text` or `text`; a file cannot be read here */
function addEncoded(given, value) {
  const [, name = "", sign, text = ""] = /^([^=@]*)([=@])?(.*)$/s.exec(value) ?? [];
  if (sign === "@") given.left.push(`the file ${text}`);
  else given.data.push({ text: sign ? `${name && `${name}=`}${encodeURIComponent(text)}` : encodeURIComponent(name), binary: false });
}

/** @param {Given} given @param {string} value @param {boolean} [plain] */
function addForm(given, value, plain = false) {
  const at = value.indexOf("=");
  const [name, text] = at < 0 ? [value, ""] : [value.slice(0, at), value.slice(at + 1)];
  const isFile = !plain && /^[@<]/.test(text);
  if (isFile) given.left.push(`the file ${text.slice(1).split(";")[0]}`);
  const unquoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replace(/\\(.)/g, "$1") ?? text.replace(/;type=[\w/.+-]+$/, "");
  given.form.push({ name, value: isFile ? "" : plain ? text : unquoted });
}

/** @param {Given} given @returns {CurlRequest} */
function requestOf(given) {
  const { left } = given;
  const address = addressOf(given.url);
  const body = given.get ? { type: /** @type {const} */ ("none") } : bodyOf(given);
  const extra = given.get ? pairsOf(given.data.map(({ text }) => text).join("&")) : [];
  const { credentials, headers, query } = withoutSecrets(given, address, [...address.query, ...extra]);
  const method = given.method || (given.head ? "HEAD" : body.type === "none" ? "GET" : "POST");
  return {
    method,
    url: address.url,
    query,
    headers: headers.filter(([name]) => !impliedBy(body, name)).map(([name, value]) => ({ name: name.trim(), value })),
    body: cleaned(body, left),
    credentials,
    settings: {
      ...(given.timeout ? { timeout_seconds: Math.min(Math.max(Math.ceil(given.timeout), 1), 60) } : {}),
      ...(given.retries ? { retry: { max_attempts: Math.min(given.retries + 1, 10) } } : {}),
    },
    follow: given.follow,
    left: [...new Set(left)],
  };
}

/** @param {string} given @returns {{url: string, query: Pair[], user: string}} */
function addressOf(given) {
  const whole =
    /^[a-z][a-z0-9+.-]*:\/\//i.test(given) || given.startsWith("{{") ? given : `${/^(localhost|127\.|\[::1\])/.test(given) ? "http" : "https"}://${given}`;
  const [plain = ""] = whole.split("#");
  const at = plain.indexOf("?");
  const [path, search] = at < 0 ? [plain, ""] : [plain.slice(0, at), plain.slice(at + 1)];
  const [, scheme = "", user = ""] = /^([a-z][a-z0-9+.-]*:\/\/)([^/@?#]*)@/i.exec(path) ?? [];
  return { url: user ? scheme + path.slice(scheme.length + user.length + 1) : path, query: pairsOf(search), user: decoded(user) };
}

/** @param {string} text @returns {Pair[]} */
function pairsOf(text) {
  return text
    .split("&")
    .filter(Boolean)
    .map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? { name: decoded(part), value: "" } : { name: decoded(part.slice(0, at)), value: decoded(part.slice(at + 1)) };
    });
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** @param {Given} given @returns {Body} */
function bodyOf(given) {
  if (given.form.length) return { type: "multipart", form: given.form };
  if (!given.data.length) return { type: "none" };
  const text = given.data.map((each) => each.text).join("&");
  const kind = given.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1].toLowerCase() ?? "";
  if (given.json || kind.includes("json") || (!kind.includes("form") && isJson(text))) return { type: "json", content: pretty(text) };
  const looksLikeForm = /^[^=&\s{}<>]+=[^&\n]*(?:&[^=&\s]+=[^&\n]*)*$/.test(text);
  if (kind.includes("x-www-form-urlencoded") || (!kind && looksLikeForm)) return { type: "form", form: pairsOf(text) };
  return { type: "text", content: text };
}

/** @param {string} text */
function isJson(text) {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} text JSON; what cannot be read stays as it is, for the person to mend */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A header that the kind of body brings along. @param {Body} body @param {string} name */
function impliedBy(body, name) {
  return name.toLowerCase() === "content-type" && ["json", "form", "multipart"].includes(body.type);
}

/**
 * The first credentials become a connection's; more of them cannot, so they are only named.
 * @param {Given} given @param {{user: string}} address @param {Pair[]} query
 */
function withoutSecrets(given, address, query) {
  /** @type {{credentials: Credentials, what: string}[]} */
  const found = [];
  for (const user of [given.user, address.user]) if (user) found.push({ credentials: basic(user), what: "the user name and password" });
  if (given.bearer) found.push({ credentials: { type: "bearer", token: given.bearer }, what: "the bearer token" });
  const headers = given.headers.filter(([name, value]) => {
    if (/^cookie$/i.test(name)) given.left.push("cookies");
    if (/^cookie$/i.test(name) || OWN_HEADERS.test(name)) return false;
    if (!isSecret(name, value)) return true;
    found.push({ credentials: fromHeader(name, value), what: `the header ${name}` });
    return false;
  });
  const rest = query.filter(({ name, value }) => {
    if (!isSecret(name, value)) return true;
    found.push({ credentials: { type: "api_key", key: value, place: "query", name, prefix: "" }, what: `the query parameter ${name}` });
    return false;
  });
  const [first, ...others] = found;
  given.left.push(...others.map(({ what }) => what));
  return { credentials: first?.credentials ?? null, headers, query: rest };
}

/** What a variable of the flow brings is no secret here. @param {string} name @param {string} value */
const isSecret = (name, value) => SECRET.test(name) && !NO_SECRET.test(name) && value !== "" && !value.includes("{{");

/** @param {string} pair @returns {Credentials} */
function basic(pair) {
  const at = pair.indexOf(":");
  return { type: "basic", username: at < 0 ? pair : pair.slice(0, at), password: at < 0 ? "" : known(pair.slice(at + 1)) };
}

/** @param {string} name @param {string} value @returns {Credentials} */
function fromHeader(name, value) {
  const [, scheme = "", rest = ""] = /^(\S+)\s+(.+)$/s.exec(value) ?? [];
  if (/^authorization$/i.test(name) && /^bearer$/i.test(scheme)) return { type: "bearer", token: known(rest) };
  if (/^authorization$/i.test(name) && /^basic$/i.test(scheme)) return basic(fromBase64(rest));
  return { type: "api_key", key: known(scheme ? rest : value), place: "header", name, prefix: scheme ? `${scheme} ` : "" };
}

/** A shell's variable is a name for a secret we do not have. @param {string} value */
const known = (value) => (/^\$\{?\w+\}?$|^<.*>$|^\*+$/.test(value.trim()) ? "" : value.trim());

/** @param {string} text */
function fromBase64(text) {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0)));
  } catch {
    return "";
  }
}

/** Secrets inside a body have no place in a connection; their values go. @param {Body} body @param {string[]} left @returns {Body} */
function cleaned(body, left) {
  const drop = (/** @type {string} */ name) => {
    left.push(`the value of ${name}`);
    return "";
  };
  const secret = (/** @type {string} */ name, /** @type {any} */ value) =>
    SECRET_MEMBER.test(name) && !NO_SECRET.test(name) && typeof value === "string" && value !== "" && !value.includes("{{");
  if (body.form) return { ...body, form: body.form.map((pair) => (secret(pair.name, pair.value) ? { ...pair, value: drop(pair.name) } : pair)) };
  if (body.type !== "json" || !isJson(body.content ?? "")) return body;
  const value = JSON.parse(body.content ?? "null", (name, member) => (secret(name, member) ? drop(name) : member));
  return { ...body, content: JSON.stringify(value, null, 2) };
}
