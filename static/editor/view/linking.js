/** Links that lead to a step: copied here, opened by the page (editing.js). */
/** @import {Context, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { shownDocument } from "../model/state.js";
import { transfer } from "../model/words-transfer.js";
import { copyText } from "./copying.js";

/** @param {Store} store @param {Context} context @param {string|null} id null: the flow */
export async function copyLink(store, context, id) {
  const node = id === null ? undefined : nodeOf(shownDocument(store.state), id);
  const address = new URL(`/flows/${store.state.flow.id}/`, location.href);
  if (node) address.searchParams.set("node", node.id);
  const name = node ? node.label || node.key : store.state.flow.name;
  if (copyText(address.href)) return context.toast(transfer.linkCopied(name), { kind: "ok" });
  await context.dialog({
    title: node ? transfer.copyLink : transfer.copyFlowLink,
    input: { label: "Link", value: address.href },
    buttons: [{ id: "done", label: "Done", kind: "primary" }],
  });
  return undefined;
}
