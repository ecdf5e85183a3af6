// <button data-copy="text">: puts the text on the clipboard, also on plain http, where navigator.clipboard is missing.
/** @param {Document} document */
export function wireCopying(document) {
  document.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-copy]");
    if (!(button instanceof HTMLElement)) return;
    const done = await copy(button.dataset.copy ?? "");
    const said = done ? "Copied" : "Copying was refused; select the text instead";
    say(document, said);
    flash(button, done);
  });
}

/**
 * @param {Document} document
 * @param {string} text
 */
export function say(document, text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByEvent(text);
  }
}

/** @param {string} text */
function copyByEvent(text) {
  let done = false;
  const put = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    done = true;
  };
  document.addEventListener("copy", put, { once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", put);
  return done;
}

/**
 * @param {HTMLElement} button
 * @param {boolean} done
 */
function flash(button, done) {
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  if (!use || !before || button.dataset.flashing) return;
  button.dataset.flashing = "on";
  use.setAttribute("href", before.replace(/#.*/, done ? "#i-check" : "#i-alert"));
  setTimeout(() => {
    use.setAttribute("href", before);
    delete button.dataset.flashing;
  }, 1400);
}
