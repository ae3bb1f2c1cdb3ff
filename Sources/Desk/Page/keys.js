// The page that tells the keys.

import { openDialog } from "./dialog.js";
import { make } from "./dom.js";
import { keysWork, setKeysWork } from "./remembered.js";

const help = [
  ["On the wall", [["Arrows", "from photograph to photograph"], ["Enter", "open"], ["1 – 9, 0", "choose a variant, or none"], ["/", "search"]]],
  [
    "Look",
    [
      ["← →", "walk the variants"],
      ["↑ ↓", "walk the photographs"],
      ["o", "the original"],
      ["d", "where the variants disagree"],
      ["z", "1:1, and back"],
      ["+ −", "nearer, further"],
      ["Shift ← →", "move what is near"],
      ["Escape", "leave"],
    ],
  ],
  [
    "Choose",
    [
      ["1 – 9", "choose a variant"],
      ["0", "choose none"],
      ["Enter", "choose what is shown"],
      ["Shift Enter", "the same, and on to the next"],
      ["k", "keep it at a re-roll"],
      ["r", "re-roll: draw the others anew"],
      ["h", "give a colour that you know"],
      ["u", "undo"],
    ],
  ],
  ["The slider, in focus", [["← →", "move it"], ["Home End", "all colour, all original"]]],
];

/** Tells the keys. */
export function showKeys() {
  const toggle = make("input", { type: "checkbox", id: "keys-work", on: { change: () => setKeysWork(toggle.checked) } });
  toggle.checked = keysWork();
  const line = ([key, does]) => make("div", {}, make("dt", {}, make("kbd", { text: key })), make("dd", { text: does }));
  const group = ([title, keys]) => make("section", {}, make("h3", { class: "label-title", text: title }), make("dl", { class: "keys" }, ...keys.map(line)));
  openDialog(
    "Keys",
    make("div", { class: "keys-groups" }, ...help.map(group)),
    make("p", { class: "keys-switch" }, toggle, make("label", { for: "keys-work", text: "Single keys work" })),
  );
}
