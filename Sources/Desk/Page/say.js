// Notices at the foot of the page: read aloud, and gone after a while unless something went wrong.

import { make, the } from "./dom.js";
import { icon } from "./icons.js";

/** Says something. */
export function say(text) {
  notice(text, { class: "notice" }, 3500);
}

/** Says that something went wrong; it stays until it is put away, or for a quarter of a minute. */
export function complain(error) {
  if (error?.name === "AbortError") return;
  notice(typeof error === "string" ? error : error.message, { class: "notice wrong", role: "alert" }, 15_000);
}

function notice(text, attributes, time) {
  const room = the("notices");
  const node = make("div", attributes, make("p", { text }));
  const leave = () => node.remove();
  node.append(make("button", { type: "button", class: "icon", "aria-label": "Put away", on: { click: leave } }, icon("close")));
  for (const old of [...room.children]) if (!old.classList.contains("wrong") || room.children.length > 2) old.remove();
  room.append(node);
  setTimeout(leave, time);
}
