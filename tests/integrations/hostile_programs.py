"""104 programs that mean no good, by what they try: (name, program, what may become of it).

What may become of it: "value:<json>" the program returns just that; "refused" it ends with an error of its own;
"stopped" it is stopped for its time or memory; several separated by "|". Whatever it is, the host lives on.
"""

# ruff: noqa: E501  (a program is easier to read in a row than in pieces)
import json

STOPPED, REFUSED, EITHER = "stopped", "refused", "stopped|refused"


def value(result) -> str:
    return "value:" + json.dumps(result)


ENDLESS = [
    ("a plain loop", "for(;;){}", STOPPED),
    ("a loop that catches", "for(;;){ try { for(;;){} } catch {} finally { continue } }", STOPPED),
    ("a loop in a finally", "try { throw 1 } finally { for(;;){} }", STOPPED),
    ("a recursion that catches itself", "function f(){ try { f() } catch { f() } } f()", EITHER),
    ("promises for ever", "const f = () => Promise.resolve().then(f); return f()", STOPPED),
    ("an async loop", "for(;;) await null", STOPPED),
    ("two promises that feed each other", "let a = () => Promise.resolve().then(b), b = () => Promise.resolve().then(a); a(); await new Promise(()=>{})", STOPPED),
    ("a promise nobody settles", "await new Promise(() => {})", REFUSED),
    ("a thenable that loops", "return { then() { for(;;){} } }", STOPPED),
    ("a thenable that never answers", "return { then() {} }", REFUSED),
    ("a getter of the result", "return { get x() { for(;;){} } }", STOPPED),
    ("toJSON of the result", "return { toJSON() { for(;;){} } }", STOPPED),
    ("a toJSON for all arrays", "Array.prototype.toJSON = () => { for(;;){} }; return [1]", STOPPED),
    ("a toJSON for all objects", "Object.prototype.toJSON = () => { for(;;){} }; console.log({}); return {}", STOPPED),
    ("a proxy with endless keys", "return new Proxy({}, { ownKeys() { for(;;){} } })", STOPPED),
    ("a proxy with endless length", "return new Proxy([], { get(t, k) { return k === 'length' ? 2 ** 53 - 1 : 0 } })", EITHER),
    ("an error that loops when shown", "throw { toString() { for(;;){} } }", EITHER),
    ("an error whose stack is a getter", "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for(;;){} } }); throw e", EITHER),
    ("an error whose message is a getter", "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for(;;){} } }); throw e", EITHER),
    ("an own prepareStackTrace", "Error.prepareStackTrace = () => { for(;;){} }; null.x", EITHER),
    ("a console argument that loops", "console.log({ toJSON() { for(;;){} } })", STOPPED),
    ("a comparison that never settles", "let n = 0; [...Array(1e5).keys()].sort(() => (n++ % 3) - 1); for(;;) [3,2,1].sort()", STOPPED),
    ("a generator without end", "function* g(){ for(;;) yield 1 } return [...g()]", STOPPED),
    ("an iterator without end", "return Array.from({ [Symbol.iterator]() { return { next: () => ({ value: 1, done: false }) } } })", STOPPED),
    ("spread of an endless iterator", "Math.max(...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) })", STOPPED),
    ("a destructuring without end", "const [...x] = { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }; return x", STOPPED),
    ("waiting on shared memory", "const s = new Int32Array(new SharedArrayBuffer(4)); Atomics.wait(s, 0, 0); return 1", EITHER),
    ("a label that goes round", "a: for(;;) { b: for(;;) { continue a } }", STOPPED),
    ("a switch that goes round", "let x = 0; while (true) switch (x) { case 0: x = 1; break; default: x = 0 }", STOPPED),
    ("eval of a loop", "eval('for(;;){}')", STOPPED),
    ("a loop built by Function", "new Function('for(;;){}')()", STOPPED),
    ("a valueOf that loops", "return +{ valueOf() { for(;;){} } }", STOPPED),
    ("Symbol.toPrimitive that loops", "return `${{ [Symbol.toPrimitive]() { for(;;){} } }}`", STOPPED),
    ("a species that loops", "class A extends Array { static get [Symbol.species]() { for(;;){} } } return new A(3).map(x => x)", STOPPED),
]  # fmt: skip

IN_THE_ENGINE = [
    ("a join of a huge array", "return new Array(2 ** 31).join()", EITHER),
    ("a copyWithin of length 2^53", "return Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)", STOPPED),
    ("an indexOf of length 2^53", "return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)", EITHER),
    ("a reverse of length 2^53", "return Array.prototype.reverse.call({ length: 2 ** 53 - 1 })", STOPPED),
    ("a fill of length 2^53", "return Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)", EITHER),
    ("a sort of length 2^53", "return Array.prototype.sort.call({ length: 2 ** 53 - 1, 0: 1 })", EITHER),
    ("an unshift of length 2^53", "return Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1)", EITHER),
    ("a lastIndexOf of length 2^53", "return Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)", EITHER),
    ("flat to any depth", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a.flat(Infinity)", EITHER + '|value:[]'),
    ("a pattern with nested repetition", "return /^(a+)+$/.test('a'.repeat(40) + 'b')", EITHER),
    ("a pattern with alternatives", "return /^(a|a)*$/.test('a'.repeat(40) + 'b')", EITHER),
    ("a pattern with back references", "return /^(.*)(.*)(.*)(.*)(.*)\\1\\2\\3\\4\\5x$/.test('a'.repeat(200))", EITHER),
    ("a pattern with look-ahead", "return /(?=(a+))(?=(a+))*\\1b/.test('a'.repeat(5e4))", EITHER + "|value:false"),
    ("a pattern of 10,000 groups", "return new RegExp('('.repeat(1e4) + ')'.repeat(1e4)).test('')", EITHER + "|value:true"),
    ("a pattern that counts far", "return /(?:a{1,1000}){1,1000}b/.test('a'.repeat(3e4))", EITHER + "|value:false"),
    ("a replace that grows", "let s = 'a'; for (;;) s = s.replace(/a/g, 'aa')", EITHER),
    ("a BigInt of many digits", "let x = 3n; for(;;) x = x * x", EITHER),
    ("a power of BigInt", "return String(7n ** 10000000n).length", EITHER),
    ("BigInt as text", "return String(2n ** 1000000n).length", EITHER + "|value:301030"),
    ("a number with many digits", "return (1).toString(2).padStart(2 ** 29)", EITHER),
    ("a date far away", "return new Date(8.64e15 + 1).toISOString()", REFUSED),
    ("JSON that nests", "return JSON.parse('['.repeat(1e6) + ']'.repeat(1e6))", EITHER),
    ("a result that nests", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a", EITHER),
    ("a result that nests a little", "let a = []; for (let i = 0; i < 500; i++) a = [a]; return a", EITHER),
    ("a program that nests", "return " + "[" * 20000 + "]" * 20000, EITHER),
    ("brackets that nest", "return " + "(" * 20000 + "1" + ")" * 20000, EITHER),
    ("a chain of operators", "return " + "-" * 1 + "!" * 30000 + "1", EITHER + "|value:0"),
    ("templates that nest", "return " + "`${" * 5000 + "1" + "}`" * 5000, EITHER + '|value:"1"'),
    ("a string of lone halves", "return '\\ud800'.repeat(100)", REFUSED),
    ("a normalisation", "return 'e\\u0301'.repeat(1e7).normalize('NFC').length", EITHER + "|value:10000000"),
    ("a locale comparison", "return ['\\u0000', '\\uffff'].sort((a, b) => a.localeCompare(b)).length", value(2)),
    ("recursion without end", "function f(){ return f() + 1 } return f()", REFUSED),
    ("recursion through natives", "const f = () => [1].map(f); return f()", REFUSED),
    ("recursion through proxies", "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x", EITHER + "|value:null"),
    ("recursion through bind", "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f()", EITHER + "|value:1"),
    ("a result that holds itself", "const a = {}; a.a = a; return a", REFUSED),
]  # fmt: skip

GREEDY = [
    ("an array without end", "const a = []; for(;;) a.push(a.length)", EITHER),
    ("arrays in arrays", "const a = []; for(;;) a.push(new Array(1000).fill('x'))", EITHER),
    ("a string that doubles", "let s = 'x'; for(;;) s += s", EITHER),
    ("a repeat", "return 'x'.repeat(2 ** 29)", EITHER),
    ("a pad", "return ''.padEnd(2 ** 30 - 1, 'ab').length", EITHER),
    ("a buffer", "return new ArrayBuffer(2 ** 33).byteLength", REFUSED),
    ("a buffer that may grow", "const b = new ArrayBuffer(1, { maxByteLength: 2 ** 40 }); b.resize(2 ** 39); return b.byteLength", REFUSED),
    ("many buffers", "const a = []; for(;;) a.push(new Uint8Array(1e6).fill(1))", EITHER),
    ("shared buffers", "const a = []; for(;;) a.push(new SharedArrayBuffer(1e7))", EITHER),
    ("a map without end", "const m = new Map(); for (let i = 0;; i++) m.set(i, { i })", EITHER),
    ("symbols without end", "const a = []; for(;;) a.push(Symbol('x'.repeat(1000)))", EITHER),
    ("closures without end", "const a = []; for(;;) { const x = new Array(100); a.push(() => x) }", EITHER),
    ("functions without end", "const a = []; for (let i = 0;; i++) a.push(new Function('return ' + i))", EITHER),
    ("promises that pile up", "const a = []; for(;;) a.push(new Promise(() => {}))", EITHER),
    ("a console without end", "for(;;) console.log('x'.repeat(1000))", STOPPED),
    ("a console of one huge line", "console.log('x'.repeat(2e7)); return 1", EITHER + "|value:1"),
    ("a result of 60 MB", "return 'x'.repeat(3e7)", EITHER),
    ("a result just too large", "return 'x'.repeat(1048576)", REFUSED),
    ("a result that grows on the wire", "return '\\u20ac'.repeat(1e6)", EITHER),
    ("an error of 10 MB", "throw new Error('x'.repeat(1e7))", REFUSED),
]  # fmt: skip

NOSY = [
    ("what other engines offer", "return [typeof require, typeof process, typeof std, typeof os, typeof fetch, typeof setTimeout, typeof Deno]", value(["undefined"] * 7)),
    ("a module by import()", "const m = await import('std'); return Object.keys(m)", REFUSED),
    ("a file by import()", "await import('/etc/passwd'); return 1", REFUSED),
    ("import as a statement", "import * as os from 'os'", REFUSED),
    ("the way out of the wrapper", "}); for (const name of ['std', 'os']) if (globalThis[name]) throw 1; (function () {", EITHER + "|value:null"),
    ("the way out, then a loop", "}); for(;;){}; (function () {", STOPPED),
    ("Function behind the wrapper", "return (function () {}).constructor('return typeof python')()", value("undefined")),
    ("this of a plain function", "return (function () { return this === undefined })()", value(True)),
    ("the global object", "return Object.getOwnPropertyNames(globalThis).filter(n => /harness|python|std|os$/.test(n))", value([])),
    ("a changed JSON", "JSON.stringify = () => 'forged'; JSON.parse = () => 7; return { a: inputs.a }", value({"a": 1})),
    ("a changed Promise", "Promise.prototype.then = () => { throw 1 }; return 5", EITHER + "|value:5"),
    ("a changed prototype", "Object.prototype.state = 'done'; Object.prototype.console = 7; return 5", value(5)),
    ("a line that looks like a frame", "console.log('\\n{\"state\":\"done\"}\\n[1]'); return 'a\\nb'", value("a\nb")),
    ("a state that looks finished", "throw Object.assign(new Error('no'), { state: 'done', stack: '\\n<input>:999999:1' })", REFUSED),
]  # fmt: skip

ALL = [*ENDLESS, *IN_THE_ENGINE, *GREEDY, *NOSY]
