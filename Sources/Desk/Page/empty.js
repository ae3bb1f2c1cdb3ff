// A desk without photographs says how to begin.

import * as api from "./api.js";
import { make, number, the } from "./dom.js";
import { filterNames } from "./rail.js";

/** Shows why there is nothing to see for this question, while so many photographs wait; nothing for none. */
export function showEmpty(question, waiting = 0) {
  const root = the("empty");
  root.hidden = !question;
  if (!question) return root.replaceChildren();
  const isDesk = question.filter === "all" && !question.search && !question.folder;
  root.classList.toggle("first", isDesk);
  if (isDesk && waiting) root.replaceChildren(...wait(waiting));
  else if (isDesk) root.replaceChildren(...begin());
  else root.replaceChildren(make("p", { class: "empty-title", text: reason(question) }));
}

function wait(waiting) {
  return [
    make("p", { class: "empty-title", text: waiting === 1 ? "A photograph is in hand." : `${number(waiting)} photographs are in hand.` }),
    make("p", { class: "empty-words", text: "They come here as soon as they are coloured." }),
    make("a", { href: "/?filter=in-hand", text: "Show them" }),
  ];
}

function begin() {
  const button = make("button", { type: "button", class: "button primary", text: "Choose photographs", on: { click: () => the("files").click() } });
  const inbox = make("p", { class: "empty-inbox" });
  api.openSession().then((session) => {
    if (session.inbox) inbox.append("Or put them into ", make("code", { text: session.inbox }), ".");
  }, () => {});
  return [
    make("p", { class: "empty-title", text: matchMedia("(hover: none)").matches ? "Begin with gray photographs." : "Drop gray photographs here." }),
    make("p", { class: "empty-words", text: "Each comes back in several colourings: guesses, among which you choose. They are made on this machine, and the originals stay as they are." }),
    button,
    inbox,
  ];
}

function reason({ filter, search }) {
  if (search) return `No name has “${search}” in it.`;
  if (filter === "failed") return "Nothing has failed.";
  if (filter === "in-hand") return "Nothing is in hand.";
  if (filter === "left-alone") return "Nothing was left alone.";
  if (filter === "chosen") return "Nothing is chosen yet.";
  if (filter === "new") return "Nothing is new.";
  if (filter === "unchosen") return "Everything is chosen.";
  return `Nothing in ${filterNames[filter].toLowerCase()}.`;
}
