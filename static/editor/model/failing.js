/** Which field of a step a failure is about, as far as it can be told. */
/** @import {Catalogue, Field, FlowDocument, Run, Step} from "../types.js" */

import { typeOf } from "./catalogue.js";
import { nodeOf } from "./document.js";

/** The step a run failed at: the one its error names, else the last that failed. @param {Run} run @returns {Step|undefined} */
export function failedStep(run) {
  const named = run.error?.node;
  return (
    run.steps.findLast((step) => step.error && (!named || step.node === named)) ??
    run.steps.findLast((step) => step.status === "failed" || step.status === "unknown")
  );
}

/**
 * JSON Pointer of the field to look at first: the one the error names, the connection where it was refused, the one that holds what
 * the message quotes, else the first.
 * @param {Step} step @param {FlowDocument} document @param {Catalogue} catalogue @returns {string|null}
 */
export function fieldOfFailure(step, document, catalogue) {
  const node = nodeOf(document, step.node);
  const fields = node ? (typeOf(catalogue, node.type)?.fields ?? []) : [];
  if (!node || !fields.length) return null;
  const error = step.error ?? {};
  const said = String(error.message ?? "");
  const named = error.detail?.pointer ?? /^(\/config\/[^:\s]+|\/\w[^:\s]*):/.exec(said)?.[1];
  if (named) return named.startsWith("/config/") ? named : `/config${named}`;
  const status = Number(error.detail?.status ?? 0);
  const byKind = (/** @type {string} */ kind) => fields.find((field) => field.kind === kind);
  if ([401, 403].includes(status) || error.code === "no_connection") return pointer(byKind("connection_ref") ?? fields[0]);
  const body = fields.find((field) => field.name === "body" || field.kind === "json_body");
  if ([400, 422].includes(status) && body) return `${pointer(body)}${writtenIn(body, node.config[body.name])}`;
  const quoted = fields.find((field) => {
    const value = node.config[field.name];
    return typeof value === "string" && value.includes("{{") && [...value.matchAll(/\{\{\s*([\w.]+)/g)].some((match) => said.includes(match[1] ?? "\0"));
  });
  return pointer(quoted ?? fields.find((field) => field.name === "url") ?? fields[0]);
}

/** The member of an object that holds what was written: "/content". @param {Field} field @param {any} value */
function writtenIn(field, value) {
  const long = ["json_body", "long_text", "key_values"];
  const member = field.fields?.find((each) => long.includes(each.kind) && value?.[each.name]);
  return member ? `/${member.name}` : "";
}

/** @param {{name: string}|undefined} field */
const pointer = (field) => (field ? `/config/${field.name}` : null);
