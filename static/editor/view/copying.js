/** Text onto the clipboard, by the copy event, which also works on plain http. */

/** @param {string} text @returns {boolean} false: the browser did not let us */
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
