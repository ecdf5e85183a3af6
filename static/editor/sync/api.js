/** The one way to the server: JSON in, JSON out, CSRF on writes, problem+json as ApiError. */

/** @import {Api, Batch} from "../types.js" */

/** Above this a batch's `before` values travel as marks only: the server has them. */
const HEAVY = 1_000_000;

export class ApiError extends Error {
  /** @param {number} status 0: the server could not be reached @param {any} body problem+json, or {} */
  constructor(status, body) {
    super(body.detail || body.title || (status ? `The server answered ${status}.` : "The server cannot be reached."));
    this.status = status;
    this.title = body.title ?? "";
    this.detail = this.message;
    /** @type {{pointer: string, code: string, message: string}[]} */
    this.errors = body.errors ?? [];
    this.body = body;
  }
}

/** @param {string} base e.g. "/api/v1" @returns {Api & {send: (method: string, path: string, body?: any, options?: RequestInit) => Promise<any>}} */
export function createApi(base) {
  /** @param {string} method @param {string} path @param {any} [body] @param {RequestInit} [options] */
  async function send(method, path, body, options = {}) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", .../** @type {any} */ (options.headers) };
    if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    /** @type {Response} */
    let response;
    try {
      response = await fetch(base + path, {
        credentials: "same-origin",
        ...options,
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiError(0, {});
    }
    const answer = await jsonOf(response);
    if (!response.ok) throw new ApiError(response.status, answer ?? {});
    return answer;
  }
  return {
    send,
    get: (path) => send("GET", path),
    post: (path, body = {}, headers = {}) => send("POST", path, body, { headers }),
    patch: (path, body) => send("PATCH", path, body),
    put: (path, body, headers = {}) => send("PUT", path, body, { headers }),
    del: (path) => send("DELETE", path),
  };
}

/** What is sent for a batch, made lighter where it would weigh more than `most` characters. @param {Batch} batch @param {number} [most] */
export function batchBody({ base, client, seq, ops }, most = HEAVY) {
  const light = JSON.stringify(ops).length <= most;
  return { base, client, seq, ops: light ? ops : ops.map((op) => ("before" in op ? { ...op, before: null } : op)) };
}

/** @param {Response} response */
async function jsonOf(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/** The cookie's is the newest: signing in again in another tab changes it. The page carries one too. */
function csrfToken() {
  const cookie = /(?:^|; )(?:__Host-)?segue-csrf=([^;]+)/.exec(document.cookie)?.[1];
  return cookie || (document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "");
}
