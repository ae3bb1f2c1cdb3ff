// The large picture: the gray original on the left of a slider, its colours on the right; zoom to 1:1, and pan.

import { Aim } from "./aim.js";
import { clamp, framed, make } from "./dom.js";
import { Gestures } from "./gestures.js";
import { layer } from "./layer.js";

/** The stage on which one photograph is compared. */
export class Picture {
  constructor() {
    this.gray = layer("gray");
    this.color = layer("color");
    this.map = layer("map");
    this.map.node.hidden = true;
    this.handle = make(
      "div",
      {
        class: "handle",
        role: "slider",
        tabindex: "0",
        "aria-label": "Original against colours",
        "aria-orientation": "horizontal",
        "aria-valuemin": "0",
        "aria-valuemax": "100",
      },
      make("span", { class: "grip", "aria-hidden": "true" }),
    );
    this.pins = make("div", { class: "pins" });
    this.aim = new Aim(this);
    this.node = make(
      "div",
      { class: "stage", tabindex: "-1" },
      this.gray.node,
      this.color.node,
      this.map.node,
      this.handle,
      this.pins,
      this.aim.cross,
      make("span", { class: "corner before", "aria-hidden": "true", text: "Original" }),
      make("span", { class: "corner after", "aria-hidden": "true", text: "A guess" }),
    );
    this.split = 0.34;
    this.zoom = null;
    this.size = { width: 3, height: 2 };
    this.gestures = new Gestures(this);
    new ResizeObserver(framed(() => this.layOut())).observe(this.node);
  }

  /** Shows another photograph: its measures in pixels, and the gray picture. */
  open({ width, height }, gray, isColored) {
    this.size = { width: width || 3, height: height || 2 };
    this.zoom = null;
    this.gray.node.classList.toggle("grayed", isColored);
    this.color.clear();
    this.map.clear();
    this.gray.show(gray);
    this.layOut();
  }

  // Measures

  get frame() {
    return { width: this.node.clientWidth, height: this.node.clientHeight };
  }

  /** Scale at which the whole picture is in view. */
  get fit() {
    const { width, height } = this.frame;
    return Math.min(width / this.size.width, height / this.size.height);
  }

  /** Scale at which a pixel of the picture is a pixel of the screen. */
  get whole() {
    return 1 / devicePixelRatio;
  }

  get box() {
    const { width, height } = this.frame;
    const scale = this.zoom?.scale ?? this.fit;
    const box = { scale, width: this.size.width * scale, height: this.size.height * scale };
    if (this.zoom) return { ...box, x: this.zoom.x, y: this.zoom.y };
    return { ...box, x: (width - box.width) / 2, y: (height - box.height) / 2 };
  }

  /** The part of the stage that the picture covers, from left to right. */
  get span() {
    const { x, width } = this.box;
    const left = Math.max(0, x);
    return { left, width: Math.max(1, Math.min(this.frame.width, x + width) - left) };
  }

  layOut() {
    const { x, y, width, height } = this.box;
    const style = this.node.style;
    style.setProperty("--x", `${x}px`);
    style.setProperty("--y", `${y}px`);
    style.setProperty("--w", `${width}px`);
    style.setProperty("--h", `${height}px`);
    this.node.classList.toggle("zoomed", this.zoom !== null);
    this.placeSplit();
    this.onlayout?.();
  }

  placeSplit() {
    const { left, width } = this.span;
    const at = left + this.split * width;
    this.node.style.setProperty("--split", `${at}px`);
    this.node.style.setProperty("--middle", `${clamp(this.box.y + this.box.height / 2, 30, this.frame.height - 30)}px`);
    const percent = Math.round(this.split * 100);
    this.handle.setAttribute("aria-valuenow", percent);
    this.handle.setAttribute(
      "aria-valuetext",
      percent === 0 ? "All in colour" : percent === 100 ? "All original" : `${percent} percent original, the rest in colour`,
    );
    this.node.classList.toggle("all-color", percent === 0);
    this.node.classList.toggle("all-gray", percent === 100);
  }

  setSplit(value) {
    this.split = clamp(value, 0, 1);
    this.placeSplit();
  }

  // Zoom

  /** From the whole picture to 1:1 at a point of the stage, and back. */
  toggleZoom(point) {
    if (this.zoom) {
      this.zoom = null;
      this.layOut();
    } else {
      const { width, height } = this.frame;
      const { x, y } = point ?? { x: width / 2, y: height / 2 };
      const box = this.box;
      const factor = this.whole / box.scale;
      // A small picture is smaller so than it is in view.
      this.zoom = this.held({ scale: this.whole, x: x - (x - box.x) * factor, y: y - (y - box.y) * factor });
      this.layOut();
    }
    this.onzoom?.(this.zoom !== null);
  }

  zoomTo(scale, point) {
    const box = this.box;
    const largest = Math.max(this.whole * 2, this.fit * 3);
    scale = Math.min(scale, largest);
    if (scale <= this.fit * 1.001) {
      this.zoom = null;
    } else {
      const factor = scale / box.scale;
      this.zoom = this.held({ scale, x: point.x - (point.x - box.x) * factor, y: point.y - (point.y - box.y) * factor });
    }
    this.layOut();
    this.onzoom?.(this.zoom !== null);
  }

  /** Nearer or further, about the middle. */
  zoomBy(factor) {
    const { width, height } = this.frame;
    this.zoomTo(this.box.scale * factor, { x: width / 2, y: height / 2 });
  }

  /** Moves a picture that is larger than the stage; true if the key was an arrow and it is. */
  panKey(key) {
    const steps = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
    if (!this.zoom || !(key in steps)) return false;
    this.pan(...steps[key]);
    return true;
  }

  /** Keeps the picture within the stage. */
  held({ scale, x, y }) {
    const { width, height } = this.frame;
    const hold = (at, length, room) => (length <= room ? (room - length) / 2 : clamp(at, room - length, 0));
    return { scale, x: hold(x, this.size.width * scale, width), y: hold(y, this.size.height * scale, height) };
  }

  pan(x, y) {
    if (!this.zoom) return;
    this.zoom = this.held({ ...this.zoom, x: this.zoom.x + x, y: this.zoom.y + y });
    this.layOut();
  }

  /** A point of the stage as parts of the picture's width and height; nothing outside of it. */
  within(point) {
    const { x, y, width, height } = this.box;
    const part = { x: (point.x - x) / width, y: (point.y - y) / height };
    return part.x >= 0 && part.x <= 1 && part.y >= 0 && part.y <= 1 ? part : null;
  }

  /** The colour shown at a place, as `#rrggbb`; gray if it cannot be read. */
  colorAt(part) {
    const image = this.color.image;
    if (!image.naturalWidth) return "#808080";
    const canvas = make("canvas", { width: "1", height: "1" });
    const context = canvas.getContext("2d");
    const x = Math.min(image.naturalWidth - 1, Math.floor(part.x * image.naturalWidth));
    const y = Math.min(image.naturalHeight - 1, Math.floor(part.y * image.naturalHeight));
    context.drawImage(image, x, y, 1, 1, 0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  }
}
