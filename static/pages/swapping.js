// <form data-swap="id">: sent in the background; the element with this id is replaced by the one in the answer, so the page
// neither jumps nor flickers. Without scripts the same form reloads the page. Filters send themselves when changed.
import { say } from "./copying.js";

/**
 * @param {Document} document
 * @param {(root: ParentNode) => void} freshen what a new part of the page needs
 */
export function wireSwapping(document, freshen) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || !form.dataset.swap) return;
    event.preventDefault();
    send(document, form, /** @type {SubmitEvent} */ (event).submitter, freshen);
  });
  document.addEventListener("change", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    const form = field.closest("form[data-send-on-change]");
    if (form instanceof HTMLFormElement && field.matches("select, input[type=date], input[type=radio]")) form.requestSubmit();
  });
}

/** How often something was asked for each part; only what was asked for last is shown. @type {Map<string, number>} */
const turns = new Map();

/**
 * @param {Document} document
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @param {(root: ParentNode) => void} freshen
 */
async function send(document, form, submitter, freshen) {
  const data = new FormData(form, submitter);
  const get = form.method === "get";
  const address = get ? `${form.action.split("?")[0]}?${new URLSearchParams(/** @type {any} */ (data))}` : form.action;
  const id = form.dataset.swap ?? "";
  const turn = (turns.get(id) ?? 0) + 1;
  turns.set(id, turn);
  submitter?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, get ? {} : { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (get && turns.get(id) !== turn) return;
    const fresh = page.getElementById(id);
    const stale = document.getElementById(id);
    if (!answer.ok || !fresh || !stale) throw new Error("the answer is another page");
    swap(document, stale, fresh, submitter);
    freshen(fresh);
    say(document, page.querySelector(".messages")?.textContent?.trim() || "Done");
    if (get) history.replaceState(null, "", address);
  } catch {
    if (get && turns.get(id) !== turn) return;
    complain(document, get ? "The server could not be reached." : "The server could not be reached; nothing was changed.");
  } finally {
    submitter?.removeAttribute("aria-busy");
  }
}

/**
 * @param {Document} document
 * @param {string} text
 */
function complain(document, text) {
  const banner = document.createElement("div");
  banner.className = "banner";
  banner.dataset.tone = "bad";
  banner.setAttribute("role", "alert");
  banner.append(Object.assign(document.createElement("span"), { textContent: `${text} Try again.` }));
  document.getElementById("main")?.prepend(banner);
  setTimeout(() => banner.remove(), 8000);
}

/**
 * @param {Document} document
 * @param {Element} stale
 * @param {Element} fresh
 * @param {HTMLElement | null} submitter
 */
function swap(document, stale, fresh, submitter) {
  const again = submitter?.id || document.activeElement?.id;
  stale.replaceWith(document.adoptNode(fresh));
  if (again) document.getElementById(again)?.focus();
}
