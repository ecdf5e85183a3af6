/** What the panels of a webhook's address and of a schedule say, and how they say it. */

import { ago } from "./words-sync.js";

export const triggerWords = {
  secret: "Signing secret",
  secretHelp: /** @type {Record<string, string>} */ ({
    standard_webhooks: "The sender shows it, beginning with whsec_.",
    github: "Make one here, copy it, and give the same to GitHub: Settings, Webhooks, Secret.",
    stripe: "Stripe shows it beside the endpoint, beginning with whsec_.",
    bearer: "Make one here, copy it; the sender puts it into the header Authorization: Bearer.",
  }),
  noSecret: "No secret yet: every call is refused.",
  newSecret: "New secret",
  make: "Make one",
  makeTitle: "Make a random secret",
  saveSecret: "Keep it",
  kept: "Kept. It can be replaced, never shown again.",
  tooShort: "A secret has at least 8 characters.",
  forgetPrevious: "Forget the one before",
  listen: "Listen for a test request",
  listenAgain: "Listen again",
  listenHelp: "The next call is kept, without its credentials: its values are offered in every step.",
  listening: "Listening. Send a request to the address above.",
  stop: "Stop",
  nothingCame: "Nothing came within five minutes. Check the address and the method at the sender, then listen again.",
  notTaken: (/** @type {string} */ reason) => `A request came and was not taken. ${reason}`,
  came: "A request came. Its values are offered in every step.",
  forget: "Forget it",
  source: "the test request",
  next: "Next runs",
  never: "This moment never comes.",
  checking: "Reckoning…",
};

/** @param {{has_value: boolean, updated_at: string|null, previous_until: string|null}} secret @param {number} [now] */
export function secretState(secret, now = Date.now()) {
  if (!secret.has_value) return triggerWords.noSecret;
  const since = secret.updated_at ? `Set ${ago(secret.updated_at, now)}.` : "Set.";
  return secret.previous_until ? `${since} The one before is good until ${clockTime(secret.previous_until)}.` : since;
}

/** @param {{method?: string, body?: any}} sample @param {string} at @param {number} [now] */
export function sampleState(sample, at, now = Date.now()) {
  const { body } = sample;
  const size = body !== null && typeof body === "object" ? Object.keys(body).length : null;
  const what = size === null ? (body ? "text" : "no body") : `${size} ${size === 1 ? "value" : "values"}`;
  return `${sample.method ?? "POST"}, ${what}, ${ago(at, now)}`;
}

/** "4:09" that are left. @param {string} until @param {number} [now] */
export function timeLeft(until, now = Date.now()) {
  const seconds = Math.max(0, Math.round((Date.parse(until) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A schedule's own wall-clock time, "Mon, 24 Nov, 07:00"; with the year where it is another. @param {string} local "2026-11-24T07:00" @param {number} [now] */
export function wallTime(local, now = Date.now()) {
  const at = new Date(`${local}Z`); // read as UTC and shown as UTC: no zone of the browser comes between
  const year = at.getUTCFullYear() === new Date(now).getFullYear() ? undefined : /** @type {const} */ ("numeric");
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year,
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "UTC",
  }).format(at);
}

/** "in 3 hours" from now. @param {string} iso @param {number} [now] */
export function ahead(iso, now = Date.now()) {
  const minutes = Math.round((Date.parse(iso) - now) / 60_000);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 60) return format.format(Math.max(minutes, 0), "minute");
  if (minutes < 36 * 60) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 1440), "day");
}

/** @param {string} iso */
const clockTime = (iso) => new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
