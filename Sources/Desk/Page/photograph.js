// One photograph: compare its variants, choose, draw anew, tell known colours.

import * as api from "./api.js";
import { Bar } from "./bar.js";
import { Choosing } from "./choosing.js";
import { make, settled } from "./dom.js";
import { Hints } from "./hints.js";
import { Label } from "./label.js";
import * as live from "./live.js";
import { Past } from "./past.js";
import { Picture } from "./picture.js";
import { Redrawing } from "./redrawing.js";
import { complain, say } from "./say.js";
import { press } from "./shortcuts.js";
import { keptNumber, toShow, Variants } from "./variants.js";

/** Stands for the result of a view that shows none. */
const nobody = { id: null, result: null };

/** The view of a result. `leave` goes back to the wall, `walk` to the next photograph or the one before. */
export class Photograph {
  constructor(root, { leave, walk }) {
    this.root = root;
    this.leave = leave;
    this.walk = walk;
    this.subject = nobody;
    this.picture = new Picture();
    this.bar = new Bar(this);
    this.variants = new Variants((number) => this.select(number));
    this.past = new Past(this);
    this.choosing = new Choosing(this);
    this.redrawing = new Redrawing(this);
    this.label = new Label(this);
    this.hints = new Hints(this);
    this.status = make("p", { class: "stage-status", role: "status" });
    const table = make("div", { class: "table" }, this.picture.node, this.status, this.hints.picker);
    root.append(this.bar.node, table, this.variants.node, this.label.node);
    this.sharpen = settled(220, () => this.showPicture(true));
    this.picture.onzoom = (isZoomed) => {
      this.bar.press(this.bar.zoom, isZoomed);
      this.sharpen();
    };
    this.picture.onlayout = () => this.hints.place();
    live.on("result", (event) => event.id === this.id && this.changed(event));
  }

  /** Opens a result; what the wall knows of it is shown at once. */
  async open(id, entry, place) {
    this.hints.stop();
    this.subject = { id, result: null };
    this.redrawing.begin();
    this.bar.setPlace(entry, place);
    this.setRatio(entry ?? {});
    this.status.textContent = "";
    this.selected = entry?.chosen ?? 1;
    this.showMap(false);
    this.bar.press(this.bar.zoom, false);
    this.label.clear(entry);
    this.variants.show([], 1, 1);
    const small = entry?.images ? [entry.images.thumbnail] : [];
    this.picture.open(entry ?? {}, small, true);
    if (small.length) this.picture.color.show(small);
    document.title = `${entry?.name ?? "Photograph"} – Autochrome`;
    await this.reload();
  }

  close() {
    this.hints.stop();
    this.subject = nobody;
    this.asked?.abort();
  }

  // What is known

  get id() {
    return this.subject.id;
  }

  /** What is known of the result in view; null until it is loaded. */
  get result() {
    return this.subject.result;
  }

  /** The chosen picture where it is none of the variants. */
  get keptImages() {
    return this.result?.choice?.images ?? null;
  }

  /** The map of doubt; none where there is only a sheet with it. */
  get mapImages() {
    const images = this.result?.uncertainty;
    return images && !images.is_composite ? images : null;
  }

  get variant() {
    return this.result?.variant_list.find(({ number }) => number === this.selected) ?? null;
  }

  /** The preview that stands for the selected variant until its full size is made. */
  get freshVariant() {
    return this.redrawing.fresh?.variants.find(({ number, is_kept: isKept }) => number === this.selected && !isKept) ?? null;
  }

  /** The variants as they stand in the strip. */
  get shown() {
    return toShow(this.result, this.redrawing);
  }

  /** Loads the result again; a load that is overtaken by another one ends with that one. */
  reload() {
    if (!this.id) return null;
    this.asked?.abort();
    this.asked = new AbortController();
    this.isLoading = true;
    this.loading = this.load(this.asked);
    return this.loading;
  }

  async load(asked) {
    try {
      this.take(await api.result(this.id, asked.signal));
    } catch (error) {
      if (asked !== this.asked) return this.loading;
      if (error.status === 404) this.gone();
      else complain(error);
    }
    if (asked === this.asked) this.isLoading = false;
    return null;
  }

  gone() {
    say("This result is not there any more.");
    this.leave();
  }

  changed({ change }) {
    if (change === "removed") this.gone();
    else this.reload();
  }

  /** Takes what the server says of a result, be it in view or not. */
  answered(subject, result) {
    subject.result = result;
    if (subject.id !== this.id) return;
    // A load that was begun before may be of what was before.
    const { isLoading } = this;
    this.take(result);
    if (isLoading) this.reload();
  }

  /** Shows what the server says of the result now. */
  take(result) {
    if (result.id !== this.id) return;
    const first = this.result === null;
    this.subject.result = result;
    if (first && result.is_chosen) this.selected = result.chosen ?? keptNumber;
    if (!this.shown.some(({ number }) => number === this.selected)) this.selected = result.variant_list[0]?.number ?? 1;
    document.title = `${result.name} – Autochrome`;
    const resized = result.width !== this.picture.size.width || result.height !== this.picture.size.height;
    const { original } = result;
    this.setRatio(result);
    if (resized) this.picture.open(result, [original.thumbnail], original.needs_grayscale);
    this.picture.gray.node.classList.toggle("grayed", original.needs_grayscale);
    this.bar.doubt.hidden = !this.mapImages;
    this.show();
  }

  // What is seen

  /** Where the room is narrow, the stage is as high as its picture. */
  setRatio({ width, height } = {}) {
    if (width && height) this.root.style.setProperty("--ratio", width / height);
  }

  /** Draws everything that depends on the state. */
  show() {
    if (!this.result) return;
    this.variants.show(this.shown, this.selected, this.result.width / this.result.height || 1);
    this.label.show();
    this.hints.show();
    this.showPicture(false);
    this.sharpen();
  }

  showPicture(sharp) {
    if (!this.result) return;
    const { original } = this.result;
    const { width, height } = this.picture.box;
    const enough = Math.max(width, height) * devicePixelRatio <= 1100;
    const addresses = (images) => {
      const isShown = images.full && images.full_type !== "image/tiff";
      return [images.thumbnail, images.preview, sharp && !enough && isShown ? images.full : null];
    };
    this.picture.gray.show(addresses(original));
    if (this.freshVariant) this.picture.color.show([this.freshVariant.image]);
    else if (this.selected === keptNumber && this.keptImages) this.picture.color.show(addresses(this.keptImages));
    else if (this.variant) this.picture.color.show(addresses(this.variant.images));
    if (this.mapImages && !this.picture.map.node.hidden) this.picture.map.show([this.mapImages.preview]);
    this.sayStatus();
  }

  /** What is being made, or what the map means. */
  sayStatus() {
    const map = this.picture.map.node.hidden ? "" : "Dark: the variants agree · Bright: they differ";
    const text = this.redrawing.working ?? (map || this.hints.trouble);
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  select(number) {
    if (!this.result || !this.shown.some((variant) => variant.number === number)) return;
    this.selected = number;
    if (this.picture.split > 0.9) this.picture.setSplit(0.34);
    this.pressOriginal();
    this.show();
  }

  step(direction) {
    if (!this.result) return;
    const numbers = this.shown.map((variant) => variant.number);
    const place = numbers.indexOf(this.selected) + direction;
    if (place >= 0 && place < numbers.length) this.select(numbers[place]);
  }

  toggleOriginal() {
    this.picture.setSplit(this.picture.split === 1 ? 0 : 1);
    this.pressOriginal();
  }

  pressOriginal() {
    this.bar.press(this.bar.original, this.picture.split === 1);
  }

  toggleMap() {
    this.showMap(this.picture.map.node.hidden);
  }

  showMap(isShown) {
    const possible = isShown && this.mapImages;
    this.picture.map.node.hidden = !possible;
    this.bar.press(this.bar.doubt, possible);
    if (possible) this.showPicture(true);
    this.sayStatus();
  }

  /** A key while this view is open; true if it was meant for it. */
  key(event) {
    return press(this, event);
  }
}
