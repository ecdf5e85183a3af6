// <form data-confirm="question" data-confirm-yes="Delete">: asks in a dialog before sending. Without scripts it sends at once,
// so what it does must be undoable or guarded on the server too.
/** @param {Document} document */
export function wireConfirming(document) {
  document.addEventListener(
    "submit",
    async (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      const submitter = /** @type {SubmitEvent} */ (event).submitter;
      const asking = submitter?.dataset.confirm ? submitter : form;
      if (!asking.dataset.confirm || form.dataset.confirmed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const sure = await ask(document, asking.dataset.confirm, asking.dataset.confirmYes ?? "Go on", asking.dataset.confirmMore ?? "");
      if (!sure) {
        submitter?.focus();
        return;
      }
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter ?? undefined);
      delete form.dataset.confirmed;
    },
    true,
  );
}

/**
 * @param {Document} document
 * @param {string} question
 * @param {string} yes the button's words
 * @param {string} more what happens then
 * @returns {Promise<boolean>}
 */
function ask(document, question, yes, more) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const head = element("div", "dialog-head", element("h2", "", question));
  head.firstElementChild?.setAttribute("id", "confirm-title");
  const cancel = button("button", "Cancel");
  const go = button("button button-danger button-primary", yes);
  dialog.append(head, element("div", "dialog-body", more ? element("p", "", more) : ""), element("div", "dialog-foot", cancel, go));
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {string} className
 * @param {string} text
 */
function button(className, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  return made;
}
