// One photograph on the wall.

import { attribute, make } from "./dom.js";
import { icon } from "./icons.js";

const states = { waiting: "Waiting", "in-hand": "In hand", failed: "Failed" };

/** A picture with its name, as a link; what few have is made when it is needed. */
export class Tile {
  constructor(parent) {
    this.image = make("img", { alt: "", loading: "lazy", decoding: "async" });
    this.frame = make("span", { class: "frame" }, this.image);
    this.name = make("span", { class: "tile-name" });
    this.link = make("a", { class: "tile", tabindex: "-1" }, this.frame, this.name);
    this.node = make("div", { class: "place", role: "listitem" }, this.link);
    parent.append(this.node);
  }

  /** Puts it into a box of its page. */
  place({ x, y, width, height }) {
    const { style } = this.node;
    style.left = `${x}px`;
    style.top = `${y}px`;
    style.width = `${width}px`;
    this.frame.style.height = `${height}px`;
  }

  /** Shows a result, the one at `position` of `total`; `isDouble` if another one's name differs by its ending alone. */
  dress(item, { position, total, isDouble }) {
    const { link, image } = this;
    link.href = `/results/${item.id}`;
    link.dataset.position = position;
    link.dataset.state = item.state;
    link.title = item.path;
    attribute(this.node, "aria-setsize", total);
    attribute(this.node, "aria-posinset", position + 1);
    const shown = isDouble ? item.name : item.name.replace(/\.[^.]+$/, "");
    if (this.name.textContent !== shown) this.name.textContent = shown;
    const source = item.images?.thumbnail ?? null;
    if (image.getAttribute("src") !== source) attribute(image, "src", source);
    image.hidden = !source;
    const state = states[item.state] ?? "";
    this.note = this.part(this.note, "tile-note", item.state === "failed" && item.reason ? `Failed: ${item.reason}` : state);
    this.mark = this.part(this.mark, "tile-mark", item.is_chosen && (item.chosen ? String(item.chosen) : icon("check")));
    const chosen = item.is_chosen ? (item.chosen ? `variant ${item.chosen} chosen` : "chosen") : "";
    link.setAttribute("aria-label", [item.path, state || chosen].filter(Boolean).join(", "));
  }

  /** What lies over the picture: there only as long as there is something in it. */
  part(node, name, content) {
    if (!content) return void node?.remove();
    node ??= make("span", { class: name, "aria-hidden": name === "tile-mark" ? "true" : null });
    node.replaceChildren(content);
    if (!node.isConnected) this.frame.append(node);
    return node;
  }
}
