/** An event to try a flow with when nothing real has come yet: values for what its kind is given. */
/** @import {Catalogue, FlowDocument} from "../types.js" */

import { itemsOf } from "./catalogue.js";
import { triggerOf } from "./graph.js";

const CALL = {
  id: "call_7420",
  channel: "phone",
  direction: "inbound",
  from: "+14155550132",
  to: "+18005550199",
  contact_number: "+14155550132",
  agent_number: "+18005550199",
  started_at: "2026-01-20T15:00:00Z",
  ended_at: "2026-01-20T15:02:05Z",
  duration_seconds: 125,
  status: "completed",
  disposition: "escalated",
  sentiment: "negative",
  summary: "Jane was charged twice and wants the second charge back.",
  transcript: "Agent: How can I help?\nUser: I was charged twice.",
  language: "en",
};
const CONTACT = { name: "Jane Doe", email: "jane@example.com", phone: "+14155550132" };

const VISITOR = {
  page: "https://example.com/pricing",
  referrer: "https://www.example.org/",
  country: "DE",
  language: "en",
  browser: "Chrome 126.0",
  os: "Windows",
  device: "Desktop",
  ip: "203.0.113.7",
  visits: 3,
  online: true,
};

/** @param {string} kind @param {FlowDocument} document @param {Catalogue} catalogue */
export function sampleEvent(kind, document, catalogue) {
  if (kind === "action")
    return { type: "action.called", args: argumentsOf(document, catalogue), interaction: { ...CALL, status: "in_progress", ended_at: null }, contact: CONTACT };
  if (kind === "automation") return { type: "webhook", trigger: { body: { order: 1042, total: 59.9 }, headers: {}, query: {} } };
  if (kind === "conversation")
    return { type: "conversation.started", visitor: VISITOR, message: { text: "I want to cancel" }, contact: { ...CONTACT, tags: ["vip"] } };
  return { type: "call.ended", interaction: CALL, contact: CONTACT, analysis: {}, variables: {} };
}

/** @type {Record<string, any>} */
const BY_TYPE = { string: "text", number: 1.5, integer: 1, boolean: true, object: {}, array: [] };

/** @param {FlowDocument} document @param {Catalogue} catalogue */
function argumentsOf(document, catalogue) {
  const inputs = itemsOf(triggerOf(document, catalogue)?.config.inputs);
  return Object.fromEntries(inputs.filter((each) => each.name).map((each) => [each.name, each.enum?.[0] ?? BY_TYPE[each.type] ?? "text"]));
}
