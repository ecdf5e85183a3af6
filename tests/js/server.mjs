/**
 * The server's rules about drafts, modelled: builder/merging.py and builder/drafts.py in a few lines, bound to them by the shared cases
 * of tests/cases/merge.json, which pytest checks there and sync-rules.test.mjs checks here.
 */

import { apply, diff, split } from "../../static/editor/model/diff.js";
import { make, nodeOf, same } from "../../static/editor/model/document.js";

const above = (path) =>
  path
    .split("/")
    .slice(2)
    .map((_, at, parts) =>
      path
        .split("/")
        .slice(0, path.split("/").length - parts.length + at)
        .join("/"),
    );

/** A path of `ops` that overlaps with one of `others`; wanting the same is no clash. */
export function firstOverlap(ops, others) {
  const touched = new Map(others.map((op) => [op.path, op]));
  const prefixes = new Set([...touched.keys()].flatMap(above));
  for (const op of ops) {
    const other = touched.get(op.path);
    if (other && "after" in op === "after" in other && same(op.after, other.after)) continue;
    if (other || prefixes.has(op.path) || above(op.path).some((prefix) => touched.has(prefix))) return op.path;
  }
  return null;
}

/** `{document, dropped}` or `{conflict: path}`. */
export function merge(document, ops, since, isTrigger) {
  const clash = firstOverlap(ops, since) ?? unfit(document, ops);
  if (clash) return { conflict: clash };
  let after = apply(document, ops);
  const gone = since.length ? deleted([...ops, ...since]).filter((id) => !nodeOf(after, id)) : [];
  const dropped = after.edges.filter((edge) => gone.includes(edge.source) || gone.includes(edge.target)).map((edge) => edge.id);
  if (dropped.length) after = make(after, { edges: after.edges.filter((edge) => !dropped.includes(edge.id)) });
  const held = broken(document, isTrigger);
  for (const [rule, path] of broken(after, isTrigger)) if (!held.has(rule)) return { conflict: path };
  return { document: after, dropped: dropped.sort() };
}

const isWhole = (op, area) => op.path.startsWith(`/${area}/`) && split(op.path).length === 2;
const deleted = (ops) => ops.filter((op) => isWhole(op, "nodes") && !("after" in op)).map((op) => split(op.path)[1]);

function unfit(document, ops) {
  let now = document;
  for (const op of ops) {
    const [area, id, ...rest] = split(op.path);
    const there = Array.isArray(now[area]) ? now[area].find((item) => item.id === id) : undefined;
    if (area === "nodes" && rest.length && !there) return op.path;
    if (area !== "layout" && !rest.length && !("before" in op) && there && !same(there, op.after)) return op.path;
    if (area !== "layout" && !rest.length && "before" in op && "after" in op && !there) return op.path;
    now = apply(now, [op]);
  }
  return null;
}

function broken(document, isTrigger) {
  const rules = new Map();
  const ports = new Set();
  for (const edge of document.edges) {
    for (const end of ["source", "target"]) if (!nodeOf(document, edge[end])) rules.set(`end ${edge.id} ${end}`, `/edges/${edge.id}`);
    const port = `${edge.source} ${edge.port}`;
    if (ports.has(port)) rules.set(`port ${port}`, `/edges/${edge.id}`);
    ports.add(port);
  }
  const keys = new Set();
  let triggers = 0;
  for (const node of document.nodes) {
    if (keys.has(node.key)) rules.set(`key ${node.key}`, `/nodes/${node.id}/key`);
    keys.add(node.key);
    if (isTrigger(node.type) && ++triggers > 1) rules.set(`trigger ${triggers}`, `/nodes/${node.id}`);
  }
  return rules;
}

/** A draft on the server: a log of writes, batches taken once. */
export function createServer(document, { isTrigger = () => false, kept = 2000 } = {}) {
  const log = [];
  const server = {
    document,
    revision: 1,
    log,
    since: (base) => (base >= server.revision - kept && base <= server.revision ? log.filter((write) => write.revision > base) : null),
    news(base) {
      const written = server.since(base);
      return written ? { revision: server.revision, ops: written.flatMap((write) => write.ops) } : { revision: server.revision, document: server.document };
    },
    /** POST /draft/ops/ */
    post({ client, seq, base, ops }) {
      const written = server.since(base);
      if (!written) return { status: 409, body: { revision: server.revision, document: server.document } };
      const others = written.filter((write) => write.client !== client);
      const theirs = others.flatMap((write) => write.ops);
      const repeated = log.find((write) => write.client === client && write.seq === seq);
      if (repeated) {
        const late = others.filter((write) => write.revision > repeated.revision).flatMap((write) => write.ops).length;
        return { status: 200, body: { revision: server.revision, ops: theirs, dropped: repeated.dropped, batch: repeated.ops, late } };
      }
      const result = merge(server.document, ops, theirs, isTrigger);
      if ("conflict" in result) return { status: 409, body: { revision: server.revision, path: result.conflict, ops: theirs } };
      const done = server.write(result.document, client, seq, result.dropped);
      return { status: 200, body: { revision: server.revision, ops: theirs, dropped: result.dropped, batch: result.dropped.length ? done : null, late: 0 } };
    },
    write(next, client = null, seq = null, dropped = []) {
      const ops = diff(server.document, next);
      server.document = next;
      server.revision += 1;
      log.push({ revision: server.revision, client, seq, ops, dropped });
      return ops;
    },
  };
  return server;
}
