// A dialog over the room, until it is closed.

import { make, the } from "./dom.js";
import { icon } from "./icons.js";

/** Shows a dialog with a title, unless there is one. */
export function openDialog(title, ...children) {
  if (document.querySelector("dialog[open]")) return;
  const close = make("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: () => dialog.close() } }, icon("close"));
  const head = make("header", {}, make("h2", { id: "dialog-title", text: title }), close);
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, head, ...children);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  the("dialogs").append(dialog);
  dialog.showModal();
}
