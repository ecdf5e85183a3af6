/** Publish, bring back, publish again, ask somebody who may: what is sent first, what is asked, what is said then. */
/** @import {Context, Store} from "../types.js" */

import { count, moment, say } from "../model/words-panels.js";
import { publishing } from "../model/words-publish.js";
import { changeSummary } from "./changes.js";
import { copyText } from "./copying.js";
import { h, style } from "./dom.js";
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
  const errors = store.state.problems.filter((each) => each.severity === "error");
  if (errors.length) return showProblems(store, context, publishing.toSolve(errors.length));
  await askAndPublish(store, context, "");
}

/** The changes in words, a note, and one button. @param {Store} store @param {Context} context @param {string} note @param {{title: string, text: string}|null} [news] what came between */
async function askAndPublish(store, context, note, news = null) {
  const [changes] = await Promise.all([whatChanges(store, context), style("review")]);
  const { flow, revision } = store.state;
  const answer = await context.dialog({
    title: news?.title ?? `Publish version ${(flow.published?.number ?? 0) + 1}?`,
    text: h("div", {}, h("p", {}, news?.text ?? introduction(store, changes)), changes?.length ? changeSummary(changes) : null),
    input: { label: publishing.note, value: note },
    buttons: [
      { id: "no", label: say.cancel },
      ...(news && flow.published ? [{ id: "look", label: publishing.lookAgain }] : []),
      { id: "publish", label: say.publish, kind: "primary" },
    ],
  });
  if (answer?.button === "look") store.dispatch((state) => ({ ...state, right: "review" }));
  if (answer?.button === "publish") await sendPublish(store, context, answer.value.trim(), revision);
}

/** @param {Store} store @param {any[]|null} changes */
function introduction({ state }, changes) {
  if (!state.flow.published) return publishing.firstTime;
  return changes && !state.changed && changes.length ? publishing.onlyMoved : publishing.liveAtOnce(state.changed);
}

/** In the server's words; null when there is nothing to compare with, or it cannot be had. @param {Store} store @param {Context} context @returns {Promise<any[]|null>} */
async function whatChanges({ state }, context) {
  if (!state.flow.published) return null;
  const path = `/flows/${state.flow.id}/versions/${state.flow.published.number}/diff/?against=draft`;
  return context.api.get(path).then(
    (answer) => answer.changes,
    () => null,
  );
}

/** @param {Store} store @param {Context} context @param {string} note @param {number} revision what the person has seen */
async function sendPublish(store, context, note, revision) {
  try {
    const version = await context.api.post(`/flows/${store.state.flow.id}/publish/`, { note, revision });
    await isLive(store, context, version);
    context.toast(`Version ${version.number} is live.`, { kind: "ok" });
  } catch (error) {
    await refused(store, context, /** @type {any} */ (error), note, () => sendPublish(store, context, note, revision));
  }
}

/** @param {Store} store @param {Context} context @param {any} version */
async function isLive(store, context, version) {
  const published = { number: version.number, at: version.at ?? new Date().toISOString(), by: version.by ?? store.state.me.name, note: version.note ?? "" };
  store.dispatch((state) => ({ ...state, changed: 0, flow: { ...state.flow, published, enabled: state.flow.published ? state.flow.enabled : true } }));
  await context.reload();
}

/** @param {Store} store @param {Context} context @param {any} error @param {string} note @param {() => void} again */
async function refused(store, context, error, note, again) {
  if (error.status === 412) {
    await context.reload();
    const draft = await context.api.get(`/flows/${store.state.flow.id}/draft/`).catch(() => null);
    const text = publishing.staleText(draft?.edited_by ?? "", moment(draft?.edited_at));
    await askAndPublish(store, context, note, { title: publishing.staleTitle, text });
  } else if (error.status === 422) {
    await context.reload();
    showProblems(store, context, `Not published: ${reasonOf(error)} ${publishing.stays}`);
  } else {
    context.toast(`Not published: ${reasonOf(error)} ${publishing.stays}`, { kind: "bad", action: { label: say.retry, run: again } });
  }
}

/** The list of problems, each with its way to the step. @param {Store} store @param {Context} context @param {string} text */
function showProblems(store, context, text) {
  store.dispatch((state) => ({ ...state, right: "problems" }));
  context.toast(text, { kind: "bad" });
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
    await context.reload(say.undoChanges, () => context.api.post(`/flows/${flow.id}/undo-changes/`));
    context.toast(`The draft is version ${flow.published?.number} again.`, { kind: "ok", action: undoAction(context) });
  } catch (error) {
    context.toast(`Nothing was undone: ${reasonOf(error)}`, { kind: "bad" });
  }
}

/** A version into the draft: one entry of the history, so Undo takes it back. @param {Store} store @param {Context} context @param {number} number */
export async function restore(store, context, number) {
  if (!(await context.leaveForm())) return;
  const answer = await context.dialog({
    title: publishing.restoreTitle(number),
    text: publishing.restoreText,
    buttons: [
      { id: "no", label: say.cancel },
      { id: "restore", label: "Restore", kind: "primary" },
    ],
  });
  if (answer !== "restore") return;
  try {
    await context.flush();
    await context.reload(publishing.restoreEntry(number), () => context.api.post(`/flows/${store.state.flow.id}/versions/${number}/restore/`));
    store.dispatch((state) => (state.comparison?.after ? { ...state, comparison: null, right: null } : state));
    context.toast(publishing.restored(number), { kind: "ok", action: undoAction(context) });
  } catch (error) {
    context.toast(`Not restored: ${reasonOf(error)}`, { kind: "bad" });
  }
}

/** One step back to what worked: restored and published as a new version, in one go on the server. @param {Store} store @param {Context} context @param {number} number */
export async function publishAgain(store, context, number) {
  if (!(await settled(context))) return;
  const { flow, changed } = store.state;
  const answer = await context.dialog({
    title: publishing.rollBackTitle(number, (flow.published?.number ?? number) + 1),
    text: publishing.rollBackText(changed),
    input: { label: publishing.note, value: publishing.rollBackNote(number) },
    buttons: [
      { id: "no", label: say.cancel },
      { id: "publish", label: publishing.rollBack, kind: "primary" },
    ],
  });
  if (answer?.button !== "publish") return;
  try {
    const version = await context.api.post(`/flows/${flow.id}/versions/${number}/publish/`, { note: answer.value.trim() });
    store.dispatch((state) => ({ ...state, comparison: null }));
    await isLive(store, context, version);
    context.toast(publishing.rolledBack(number, version.number), { kind: "ok" });
  } catch (error) {
    const { status } = /** @type {any} */ (error);
    context.toast(`Not published: ${reasonOf(error)} ${publishing.stays}`, { kind: status === 422 ? "warn" : "bad" });
  }
}

/** @param {Context} context */
const undoAction = (context) => ({ label: "Undo", run: () => void context.commands.run("undo") });

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
