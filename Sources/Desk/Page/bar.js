// The bar above the picture: the way back, what is looked at, and the steps to other photographs.

import { make } from "./dom.js";
import { icon } from "./icons.js";

/** The bar of a `Photograph`. */
export class Bar {
  constructor(view) {
    const toggle = (name, text, key, title, work) =>
      make(
        "button",
        { type: "button", class: "tool", "aria-keyshortcuts": key, "aria-pressed": "false", title: `${title} (${key})`, on: { click: work } },
        icon(name),
        make("span", { text }),
      );
    this.original = toggle("split", "Original", "o", "Original", () => view.toggleOriginal());
    this.doubt = toggle("map", "Doubt", "d", "Where the variants disagree", () => view.toggleMap());
    this.zoom = toggle("zoom", "1:1", "z", "1:1", () => view.picture.toggleZoom());
    const step = (name, text, work) => make("button", { type: "button", class: "icon", "aria-label": text, on: { click: work } }, icon(name));
    this.place = make("p", { class: "place-count", role: "status" });
    this.before = step("back", "Photograph before", () => view.walk(-1));
    this.after = step("next", "Next photograph", () => view.walk(1));
    const leave = make("button", { type: "button", class: "tool leave", title: "Back to the wall (Escape)", on: { click: () => view.leave() } }, icon("back"), make("span", { text: "Wall" }));
    this.node = make(
      "header",
      { class: "bar" },
      leave,
      make("div", { class: "views", role: "group", "aria-label": "View" }, this.original, this.doubt, this.zoom),
      make("div", { class: "steps" }, this.place, this.before, this.after),
    );
  }

  /** Says where a photograph stands among those that are walked, as far as that is known. */
  setPlace(entry, { position, total } = {}) {
    const known = position >= 0 && total !== null && total !== undefined;
    const place = known ? `${(position + 1).toLocaleString()} of ${total.toLocaleString()}` : "";
    this.place.replaceChildren(make("span", { class: "unseen", text: entry ? `${entry.name}, ` : "" }), place);
    this.before.disabled = !known || position === 0;
    this.after.disabled = !known || position + 1 >= total;
  }

  press(button, isPressed) {
    button.setAttribute("aria-pressed", String(Boolean(isPressed)));
  }
}
