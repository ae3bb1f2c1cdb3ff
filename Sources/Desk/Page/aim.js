// A place of the picture is picked, by a click, or by arrows and Enter.

import { clamp, make } from "./dom.js";

/** What points at a place of a `Picture`. */
export class Aim {
  constructor(picture) {
    this.picture = picture;
    this.cross = make("div", { class: "cross", hidden: true, "aria-hidden": "true" });
    this.pick = null;
  }

  /** Waits for a place: `pick` is called with parts of width and height. */
  start(pick) {
    const { node, box } = this.picture;
    this.pick = pick;
    node.classList.add("picking");
    node.tabIndex = 0;
    this.cross.hidden = false;
    this.to({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    node.focus({ preventScroll: true });
  }

  stop() {
    const { node } = this.picture;
    this.pick = null;
    node.classList.remove("picking");
    node.tabIndex = -1;
    this.cross.hidden = true;
  }

  /** Aims at a point of the stage, or the nearest of the picture. */
  to(point) {
    const { node, box } = this.picture;
    this.point = { x: clamp(point.x, box.x, box.x + box.width), y: clamp(point.y, box.y, box.y + box.height) };
    node.style.setProperty("--aim-x", `${this.point.x}px`);
    node.style.setProperty("--aim-y", `${this.point.y}px`);
  }

  /** Picks a point, if it is one of the picture. */
  take(point) {
    const part = this.picture.within(point);
    if (part) this.pick(part);
  }

  /** Keys while a place is picked; true for one that was meant for it. */
  key(event) {
    const step = event.shiftKey ? 40 : 8;
    const steps = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in steps) {
      const [x, y] = steps[event.key];
      this.to({ x: this.point.x + x, y: this.point.y + y });
    } else if (event.key === "Enter" || event.key === " ") {
      this.take(this.point);
    } else {
      return false;
    }
    return true;
  }
}
