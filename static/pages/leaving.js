// Signing out with changes that the server does not have yet: asks whether to send them, to keep them in this browser, or to
// discard them. Only a browser in which the editor wrote something down is asked.

/** @typedef {import("../editor/sync/storage.js").Kept} Kept */
/** @typedef {import("../editor/sync/queue.js").Row} Row */

/** @param {Document} document */
export function wireLeaving(document) {
  document.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const user = form.dataset.signOut;
    if (!user || form.dataset.asked || !wasKept()) return;
    event.preventDefault();
    if (!(await settled(document, user).catch(() => true))) return;
    form.dataset.asked = "yes";
    form.requestSubmit();
  });
}

function wasKept() {
  try {
    return localStorage.getItem("segue.kept") !== null;
  } catch {
    return false;
  }
}

/** @param {Document} document @param {string} user @returns {Promise<boolean>} false: stay */
async function settled(document, user) {
  const [{ openStorage }, queue] = await Promise.all([import("../editor/sync/storage.js"), import("../editor/sync/queue.js")]);
  const storage = await openStorage();
  let failed = 0;
  for (;;) {
    const rows = [...(await queue.leftBehind(storage, user)).values()].flat();
    const forms = (await storage.all("forms")).filter((row) => row.user === user);
    if (!rows.length && !forms.length) return true;
    const answer = await ask(document, rows, forms, failed);
    if (answer === "keep") return true;
    if (answer === "discard") {
      await queue.forget(storage, rows);
      await storage.write({ remove: { forms: forms.map((row) => [row.user, row.flow, row.client, row.node]) } });
      return true;
    }
    if (answer !== "send") return false;
    failed = 0;
    for (const row of rows)
      if (!(await sent(row))) failed += row.ops.length;
      else await queue.forget(storage, [row]);
    if (!failed && !forms.length) return true;
  }
}

/** @param {Row} row */
async function sent({ flow, client, seq, base, ops }) {
  const token = document.querySelector('[name="csrfmiddlewaretoken"]')?.getAttribute("value") ?? "";
  const answer = await fetch(`/api/v1/flows/${flow}/draft/ops/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ client, seq, base, ops }),
  }).catch(() => null);
  return answer?.ok === true;
}

/**
 * @param {Document} document
 * @param {Row[]} rows
 * @param {any[]} forms typing that was not saved
 * @param {number} failed changes that could not be sent a moment ago
 * @returns {Promise<string>} send, keep, discard, or "" to stay
 */
function ask(document, rows, forms, failed) {
  const changes = rows.reduce((sum, row) => sum + row.ops.length, 0);
  const flows = [...new Set(rows.map((row) => row.name))].join(", ");
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "leaving-title");
  const text = [
    failed ? `${counted(failed)} could not be sent: somebody else changed the same things, or the server cannot be reached. Open the flow to decide.` : "",
    changes && !failed ? `${counted(changes)} to ${flows} ${changes === 1 ? "is" : "are"} only in this browser so far.` : "",
    forms.length ? `Typing in ${forms.map((row) => row.form.label).join(", ")} was not saved.` : "",
    "Kept here, they wait until you sign in again in this browser.",
  ];
  const body = element("div", "dialog-body", element("p", "", text.filter(Boolean).join(" ")));
  const foot = element("div", "dialog-foot", choice("discard", "Discard", "button-danger"), choice("keep", "Keep here", changes ? "" : "button-primary"));
  if (changes) foot.append(choice("send", failed ? "Try again" : "Send", "button-primary"));
  const head = element("div", "dialog-head", element("h2", "", "Sign out with unsent changes?"));
  head.firstElementChild?.setAttribute("id", "leaving-title");
  const inside = document.createElement("form");
  inside.method = "dialog";
  inside.append(head, body, foot);
  dialog.append(inside);
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement|null} */ (foot.querySelector(".button-primary"))?.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** @param {number} n */
const counted = (n) => (n === 1 ? "1 change" : `${n} changes`);

/** @param {string} value @param {string} label @param {string} look */
function choice(value, label, look) {
  const button = document.createElement("button");
  button.className = `button ${look}`;
  button.value = value;
  button.textContent = label;
  return button;
}

/** @param {string} tag @param {string} className @param {...(Node|string)} children */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
