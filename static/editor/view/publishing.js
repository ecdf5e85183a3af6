/** Publish, take back, ask somebody who may: what is sent first, what is asked, what is said then. */
/** @import {Context, Store} from "../types.js" */

import { count, say } from "../model/words-panels.js";
import { reasonOf } from "./panel-frame.js";

/** Everything typed and moved has to be on the server before. @param {Context} context @returns {Promise<boolean>} */
async function settled(context) {
  if (!(await context.leaveForm())) return false;
  if (await context.flush()) return true;
  context.toast("Not everything could be saved yet, so nothing was published. Your changes are kept here.", { kind: "bad" });
  return false;
}

/** @param {Store} store @param {Context} context */
export async function publish(store, context) {
  if (!(await settled(context))) return;
  const { flow, problems, changed } = store.state;
  const errors = problems.filter((each) => each.severity === "error");
  if (errors.length) {
    store.dispatch((state) => ({ ...state, right: "problems" }));
    context.toast(`${count(errors.length, "error")} to solve before publishing. What is live stays as it is.`, { kind: "bad" });
    return;
  }
  const number = (flow.published?.number ?? 0) + 1;
  const text = flow.published
    ? `${count(changed, "change")} will be live at once. Runs under way go on with their version.`
    : "The flow goes live at once: what its trigger listens to starts runs.";
  const answer = await context.dialog({
    title: `Publish version ${number}?`,
    text,
    input: { label: "Note (what changed, for the list of versions)", value: "" },
    buttons: [
      { id: "no", label: say.cancel },
      { id: "publish", label: say.publish, kind: "primary" },
    ],
  });
  if (answer?.button !== "publish") return;
  await sendPublish(store, context, answer.value.trim());
}

/** @param {Store} store @param {Context} context @param {string} note */
async function sendPublish(store, context, note) {
  const { flow, revision } = store.state;
  try {
    const version = await context.api.post(`/flows/${flow.id}/publish/`, { note, revision });
    const published = { number: version.number, at: version.at ?? new Date().toISOString(), by: version.by ?? store.state.me.name, note };
    const first = !flow.published;
    store.dispatch((state) => ({ ...state, changed: 0, flow: { ...state.flow, published, enabled: first ? true : state.flow.enabled } }));
    context.toast(`Version ${version.number} is live.`, { kind: "ok" });
    await context.reload();
  } catch (error) {
    await published(store, context, /** @type {any} */ (error), note);
  }
}

/** @param {Store} store @param {Context} context @param {any} error @param {string} note */
async function published(store, context, error, note) {
  if (error.status === 412) {
    await context.reload();
    context.toast("Somebody changed the draft meanwhile. Look at it once more, then publish.", { kind: "warn" });
  } else if (error.status === 422) {
    await context.reload();
    store.dispatch((state) => ({ ...state, right: "problems" }));
    context.toast(`Not published: ${reasonOf(error)} What is live stays as it is.`, { kind: "bad" });
  } else {
    context.toast(`Not published: ${reasonOf(error)} What is live stays as it is.`, {
      kind: "bad",
      action: { label: say.retry, run: () => sendPublish(store, context, note) },
    });
  }
}

/** @param {Store} store @param {Context} context */
export async function undoChanges(store, context) {
  const { flow, changed } = store.state;
  const answer = await context.dialog({
    title: `Undo ${count(changed, "change")}?`,
    text: `The draft becomes version ${flow.published?.number} again, as it is live. The draft as it is now is kept as a snapshot.`,
    buttons: [
      { id: "no", label: say.cancel },
      { id: "undo", label: say.undoChanges, kind: "danger" },
    ],
  });
  if (answer !== "undo") return;
  try {
    store.dispatch((state) => (state.form?.dirty ? { ...state, form: null } : state));
    await context.flush();
    await context.api.post(`/flows/${flow.id}/undo-changes/`);
    await context.reload();
    context.toast(`The draft is version ${flow.published?.number} again.`, { kind: "ok" });
  } catch (error) {
    context.toast(`Nothing was undone: ${reasonOf(error)}`, { kind: "bad" });
  }
}

/** @param {Store} store @param {Context} context */
export async function askToPublish(store, context) {
  const text = `Please publish “${store.state.flow.name}” (${count(store.state.changed, "change")}): ${location.href.split("#")[0]}`;
  if (copyText(text)) context.toast("A message with the link is copied. Paste it to somebody who may publish.", { kind: "ok" });
  else
    await context.dialog({
      title: "Ask to publish",
      text: "Send this to somebody who may publish.",
      input: { label: "Message", value: text },
      buttons: [{ id: "done", label: "Done", kind: "primary" }],
    });
}

/** By the copy event, which also works on plain http. @param {string} text @returns {boolean} */
export function copyText(text) {
  let copied = false;
  const put = (/** @type {ClipboardEvent} */ event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData("text/plain", text);
    copied = true;
  };
  document.addEventListener("copy", put, { capture: true, once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", put, { capture: true });
  return copied;
}
