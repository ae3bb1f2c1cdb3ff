// Known colours: a place in the picture and the colour it had.

import { make } from "./dom.js";
import { icon } from "./icons.js";

/** Colours that people often know, to begin with. */
const swatches = [
  ["Fair skin", "#e3b899"], ["Light skin", "#d3a27f"], ["Olive skin", "#b98a63"], ["Brown skin", "#8d5a3b"], ["Dark skin", "#573522"],
  ["Blond", "#c9a45c"], ["Brown hair", "#5b3d2a"], ["Red", "#a8322d"], ["Wine", "#6b2737"],
  ["Rose", "#d79aa4"], ["Orange", "#c9722b"], ["Mustard", "#c2a03f"], ["Grass", "#5e7a3a"], ["Khaki", "#8a8060"],
  ["Teal", "#3d7f8c"], ["Sky", "#7fa8cf"], ["Navy", "#27385f"], ["Violet", "#6d5a8e"],
  ["Wood", "#8b6239"], ["Brick", "#96523c"],
  ["Black", "#1e1e1e"], ["Dark gray", "#555555"], ["Gray", "#888888"], ["Silver", "#bcbcbc"], ["White", "#efece4"],
];

/** What people call a colour. */
export const colorName = (color) => swatches.find(([, value]) => value === color.toLowerCase())?.[0] ?? color;

/** Takes known colours by a click and a colour, and shows those there are. */
export class Hints {
  constructor(view) {
    this.view = view;
    this.build();
  }

  build() {
    this.choice = make("input", { type: "color", class: "color-choice", "aria-label": "Another colour" });
    this.help = make("p", { class: "picker-help" });
    const give = (color) => this.give(color);
    const list = swatches.map(([name, color]) => {
      const node = make("button", { type: "button", class: "swatch", "aria-label": name, title: name, on: { click: () => give(color) } });
      node.style.setProperty("--color", color);
      return node;
    });
    this.swatches = make("div", { class: "swatches", role: "group", "aria-label": "Colours" }, ...list);
    this.colors = make(
      "div",
      { class: "picker-colors", hidden: true },
      this.swatches,
      make(
        "div",
        { class: "picker-own" },
        this.choice,
        make("button", { type: "button", class: "button", text: "Use this colour", on: { click: () => give(this.choice.value) } }),
      ),
    );
    const away = make("button", { type: "button", class: "icon", "aria-label": "Cancel", on: { click: () => this.stop() } }, icon("close"));
    this.picker = make("div", { class: "picker", hidden: true, role: "group", "aria-label": "Give a colour" }, this.help, away, this.colors);
  }

  get isOpen() {
    return !this.picker.hidden;
  }

  /** Waits for a place. */
  start() {
    if (!this.view.result) return;
    if (this.isOpen) return this.stop();
    this.spot = null;
    this.before = document.activeElement;
    this.picker.hidden = false;
    this.picker.classList.remove("above", "aside", "left");
    this.colors.hidden = true;
    this.help.textContent = "Point at a place whose colour you know.";
    // On a phone the picture may have been scrolled away.
    scrollTo({ top: 0, behavior: "instant" });
    if (this.view.picture.split > 0.6) this.view.picture.setSplit(0);
    this.view.picture.aim.start((part) => this.picked(part));
    this.show();
  }

  stop() {
    if (!this.isOpen) return;
    this.picker.hidden = true;
    this.spot = null;
    this.view.picture.aim.stop();
    this.show();
    this.before?.focus({ preventScroll: true });
  }

  picked(part) {
    this.spot = part;
    this.choice.value = this.view.picture.colorAt(part);
    this.colors.hidden = false;
    this.help.textContent = "Which colour was it?";
    this.show();
    this.clear(part);
    this.swatches.firstElementChild.focus({ preventScroll: true });
  }

  /** Moves the colours away from the place that was pointed at. */
  clear(part) {
    const { picture } = this.view;
    const { x, y, width, height } = picture.box;
    const spot = { x: x + part.x * width, y: y + part.y * height };
    const reach = this.picker.offsetHeight + 48;
    const isLow = spot.y > picture.frame.height - reach;
    this.picker.classList.toggle("above", isLow && spot.y > reach);
    this.picker.classList.toggle("aside", isLow && spot.y <= reach);
    this.picker.classList.toggle("left", spot.x > picture.frame.width / 2);
  }

  give(color) {
    const { x, y } = this.spot;
    const round = (value) => Math.round(value * 10_000) / 10_000;
    const hints = [...this.view.result.hints, { x: round(x), y: round(y), color }];
    this.stop();
    this.view.redrawing.giveHints(hints);
  }

  remove(index) {
    this.view.redrawing.giveHints(this.view.result.hints.filter((_, place) => place !== index));
  }

  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") this.stop();
    else if (document.activeElement === this.view.picture.node) return this.view.picture.aim.key(event);
    else if (event.key.startsWith("Arrow") && this.swatches.contains(document.activeElement)) this.walk(event.key);
    else return false;
    return true;
  }

  walk(key) {
    const all = [...this.swatches.children];
    const across = getComputedStyle(this.swatches).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[key];
    all[all.indexOf(document.activeElement) + step]?.focus();
  }

  /** Pins on the picture: those given, and the one that is being given. */
  show() {
    const { pins } = this.view.picture;
    const given = this.view.result?.hints ?? [];
    const all = this.spot ? [...given, { ...this.spot, color: null }] : given;
    pins.replaceChildren(
      ...all.map((hint) => {
        const pin = make("span", { class: hint.color ? "pin" : "pin open" });
        const told = hint.color && this.missed(hint);
        if (told) {
          pin.classList.add("missed");
          pin.title = told;
        }
        if (hint.color) pin.style.setProperty("--color", hint.color);
        return pin;
      }),
    );
    this.pinned = all;
    this.place();
  }

  /** Why a known colour could not be reached; nothing where it was, or nobody knows yet. */
  missed(hint) {
    const { result } = this.view;
    const told = result?.metadata?.hints ?? [];
    const index = result?.hints.indexOf(hint) ?? -1;
    const own = told[index];
    if (!own || own.agrees !== false || own.color.toLowerCase() !== hint.color.toLowerCase()) return null;
    return `${colorName(hint.color)} was not reached, it is ${own.reached} there: ${own.reason ?? "the colours do not agree"}.`;
  }

  /** That colours could not be reached, shortly: the list says why. */
  get trouble() {
    const missed = (this.view.result?.hints ?? []).filter((hint) => this.missed(hint));
    if (missed.length > 1) return `${missed.length} colours were not reached.`;
    return missed.length ? `${colorName(missed[0].color)} was not reached.` : "";
  }

  /** Puts the pins where their places are now. */
  place() {
    const { x, y, width, height } = this.view.picture.box;
    (this.pinned ?? []).forEach((hint, index) => {
      const pin = this.view.picture.pins.children[index];
      pin?.style.setProperty("transform", `translate(${x + hint.x * width}px, ${y + hint.y * height}px)`);
    });
  }
}
