// <form data-import-flows data-reader="module" data-api="/api/v1">: files dropped anywhere on the page, or chosen, become flows: JSON
// exports and the pictures that carry one. What a connection of the file is here is asked when no other has its name.
import { say } from "./copying.js";

/** @param {Document} document */
export function wireImporting(document) {
  const form = document.querySelector("form[data-import-flows]");
  if (!(form instanceof HTMLFormElement)) return;
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  form.querySelector("button")?.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    importFiles(form, [...(input.files ?? [])]);
    input.value = "";
  });
  const isFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    document.body.classList.add("is-receiving");
  });
  document.addEventListener("dragleave", (event) => !event.relatedTarget && document.body.classList.remove("is-receiving"));
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    document.body.classList.remove("is-receiving");
    importFiles(form, [...(event.dataTransfer?.files ?? [])]);
  });
}

/** @param {HTMLFormElement} form @param {File[]} files */
async function importFiles(form, files) {
  const { carriedText } = await import(form.dataset.reader ?? "");
  /** @type {any[]} */
  const made = [];
  for (const file of files) {
    const value = exportIn(await carriedText(new Uint8Array(await file.arrayBuffer())));
    const flows = value
      ? await send(form, value, {})
      : tell(`${file.name} carries no flow`, "PNG and SVG pictures do when they were exported here; JSON exports do always.");
    made.push(...((await flows) ?? []));
  }
  if (made.length === 1) location.href = `/flows/${made[0].id}/`;
  else if (made.length) location.reload();
}

/** @param {string} text */
function exportIn(text) {
  try {
    const value = JSON.parse(text);
    return value?.segue === "flows" ? value : null;
  } catch {
    return null;
  }
}

/**
 * @param {HTMLFormElement} form @param {any} value an export @param {Record<string, string|null>} connections what its names are here
 * @returns {Promise<any[]|null>} the flows made; null: somebody thought better of it, or it failed and that was said
 */
async function send(form, value, connections) {
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value;
  const answer = await fetch(`${form.dataset.api}/flows/import/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ export: value, connections }),
  }).catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (answer?.ok) return body.flows;
  const open = (body?.errors ?? [])
    .filter((/** @type {any} */ error) => error.code === "unmapped")
    .map((/** @type {any} */ error) => error.pointer.slice("/connections/".length));
  if (!open.length) return tell("Nothing was imported", body?.errors?.[0]?.message ?? body?.detail ?? "The server cannot be reached.");
  const chosen = await askConnections(form, open, value.connections ?? []);
  return chosen && send(form, value, { ...connections, ...chosen });
}

/** @param {HTMLFormElement} form @param {string[]} names @param {any[]} listed @returns {Promise<Record<string, string|null>|null>} */
async function askConnections(form, names, listed) {
  const answer = await fetch(`${form.dataset.api}/connections/?limit=200`);
  const here = answer.ok ? (await answer.json()).results : [];
  const fields = names.map((name, n) => {
    const type = listed.find((each) => each.name === name)?.type;
    const select = element("select", { class: "select", id: `import-${n}` });
    for (const each of here.filter((/** @type {any} */ row) => !type || row.type === type)) select.append(element("option", { value: each.id }, each.name));
    select.append(element("option", { value: "" }, "None for now"));
    return {
      name,
      select: /** @type {HTMLSelectElement} */ (select),
      row: element("div", { class: "field" }, element("label", { class: "label", for: `import-${n}` }, name), select),
    };
  });
  const go = await dialog(
    "Which connections are these here?",
    [element("p", {}, "The file names connections that are not known here by that name."), ...fields.map(({ row }) => row)],
    "Import",
  );
  return go ? Object.fromEntries(fields.map(({ name, select }) => [name, select.value || null])) : null;
}

/** @param {string} title @param {string} text @returns {Promise<null>} */
async function tell(title, text) {
  say(document, `${title}. ${text}`);
  await dialog(title, [element("p", {}, text)], null);
  return null;
}

/** @param {string} title @param {Node[]} content @param {string|null} yes null: there is only "Close" @returns {Promise<boolean>} */
function dialog(title, content, yes) {
  const no = element("button", { class: "button", type: "button" }, yes ? "Cancel" : "Close");
  const go = yes ? element("button", { class: "button button-primary", type: "button" }, yes) : null;
  const box = /** @type {HTMLDialogElement} */ (
    element(
      "dialog",
      { class: "dialog", "aria-labelledby": "import-title" },
      element("div", { class: "dialog-head" }, element("h2", { id: "import-title" }, title)),
      element("div", { class: "dialog-body" }, ...content),
      element("div", { class: "dialog-foot" }, no, ...(go ? [go] : [])),
    )
  );
  document.body.append(box);
  box.showModal();
  return new Promise((resolve) => {
    let sure = false;
    box.addEventListener("close", () => {
      box.remove();
      resolve(sure);
    });
    no.addEventListener("click", () => box.close());
    go?.addEventListener("click", () => {
      sure = true;
      box.close();
    });
  });
}

/** @param {string} name @param {Record<string, string>} attributes @param {...(Node|string)} children */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
