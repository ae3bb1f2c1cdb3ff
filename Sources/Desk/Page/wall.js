// The wall of photographs: rows in a strip as high as all results, of which only what is in view exists.

import { framed, make, paced } from "./dom.js";
import { pageSize } from "./results.js";
import { aspect, estimate, rows } from "./rows.js";
import { Steps } from "./steps.js";
import { Tile } from "./tile.js";

/** Folder and name without the ending. */
const stem = ({ path }) => path.replace(/\.[^./]+$/, "");

/** The wall shows a `ResultList`, page by page; `open` is called with a result and its position. */
export class Wall {
  constructor(root, list, open) {
    this.root = root;
    this.list = list;
    this.open = open;
    this.strip = make("div", { class: "strip", role: "list" });
    root.append(this.strip);
    this.blocks = new Map();
    this.heights = [];
    this.tops = [0];
    this.doubles = new Set();
    this.steps = new Steps(this);

    this.drawSoon = framed(() => this.draw());
    const fetch = paced(120, () => this.fetch());
    addEventListener("scroll", () => (this.drawSoon(), fetch()), { passive: true });
    new ResizeObserver(framed(() => this.measure())).observe(root);
    list.addEventListener("page", ({ detail }) => this.arrived(detail));
    list.addEventListener("entry", ({ detail }) => this.changed(detail));
    list.addEventListener("stale", () => this.fetch());
    root.addEventListener("click", (event) => this.clicked(event));
  }

  /** Begins anew at the top, for another question. */
  clear() {
    this.doubles.clear();
    for (const block of this.blocks.values()) block.node.remove();
    this.blocks.clear();
    this.heights = [];
    this.steps.focused = 0;
    this.strip.style.height = "0px";
  }

  /** Measures of rows for the width there is. */
  measure() {
    const width = this.root.clientWidth;
    if (!width || width === this.measures?.width) return;
    const anchor = this.anchor();
    const narrow = width < 560;
    this.measures = { width, height: narrow ? 128 : width < 1100 ? 184 : 210, gap: narrow ? 6 : 14, caption: narrow ? 24 : 28 };
    for (const block of this.blocks.values()) block.node.remove();
    this.blocks.clear();
    this.heights = [];
    this.resize();
    if (anchor) this.scrollTo(anchor);
    this.draw();
  }

  /** Heights of all pages: exact where they have been laid out, otherwise an estimate. */
  resize() {
    if (!this.measures || this.list.total === null) return;
    const { pages, total } = this.list;
    this.heights.length = Math.min(this.heights.length, pages);
    this.tops = [0];
    const usual = estimate(pageSize, this.measures);
    for (let index = 0; index < pages; index += 1) {
      const height =
        this.heights[index] ?? (index === pages - 1 ? estimate(total - index * pageSize, this.measures) : usual);
      this.tops.push(this.tops[index] + height);
    }
    this.strip.style.height = `${this.tops.at(-1)}px`;
    for (const [index, block] of this.blocks) {
      if (index >= pages) {
        block.node.remove();
        this.blocks.delete(index);
      } else {
        block.node.style.top = `${this.tops[index]}px`;
      }
    }
  }

  get offset() {
    return -this.strip.getBoundingClientRect().top;
  }

  /** The page at this height of the strip. */
  pageAt(y) {
    let low = 0;
    let high = this.tops.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** Pages in view and a screen around it. */
  range() {
    const top = this.offset;
    return [this.pageAt(top - innerHeight), this.pageAt(top + innerHeight * 2)];
  }

  /** Makes what comes into view and drops what left it. */
  draw() {
    if (!this.measures || this.list.total === null || !this.root.clientWidth) return;
    const [first, last] = this.range();
    for (const [index, block] of this.blocks) {
      if (index < first - 1 || index > last + 1) {
        block.node.remove();
        this.blocks.delete(index);
      }
    }
    // What is in view comes first, and a frame makes no more than one page: scrolling is not to wait for it.
    const here = this.pageAt(this.offset + innerHeight / 2);
    const missing = [];
    for (let index = first; index <= last; index += 1) {
      const items = this.list.page(index);
      if (items && this.blocks.get(index)?.items !== items) missing.push(index);
    }
    missing.sort((one, other) => Math.abs(one - here) - Math.abs(other - here));
    if (missing.length) this.lay(missing[0], this.list.page(missing[0]));
    if (missing.length > 1) this.drawSoon();
  }

  /** Fetches what is in view and isn't there. */
  fetch() {
    if (!this.measures || this.list.total === null || !this.root.clientWidth) return;
    const [first, last] = this.range();
    this.list.only(first, last);
    for (let index = first; index <= last && index < this.list.pages; index += 1) {
      this.list.load(index).catch(() => {});
    }
  }

  arrived({ resized }) {
    if (!this.measures) this.measure();
    if (resized) this.resize();
    if (!this.measures || !this.root.clientWidth) return;
    this.drawSoon();
    if (resized) this.fetch();
  }

  changed({ index, entry }) {
    const block = this.blocks.get(index);
    if (!block) return;
    const place = block.items.findIndex((item) => item.id === entry.id);
    if (place >= 0) this.dress(block.tiles[place], entry, index * pageSize + place);
  }

  /** Lays out one page, keeping what is in view where it is. */
  lay(index, items) {
    // Asked before anything is written: asked after it, the browser would lay out all at once, here.
    const { offset } = this;
    const measure = { ...this.measures, height: this.rowHeight(items) };
    const { boxes, height } = rows(items, measure, index === this.list.pages - 1);
    const before = this.tops[index + 1] - this.tops[index];
    let block = this.blocks.get(index);
    const isNew = !block;
    if (isNew) {
      block = { node: make("div", { class: "page", role: "presentation" }), tiles: [] };
      this.blocks.set(index, block);
      const after = [...this.blocks.keys()].filter((key) => key > index).sort((a, b) => a - b)[0];
      this.strip.insertBefore(block.node, after === undefined ? null : this.blocks.get(after).node);
    }
    block.items = items;
    block.boxes = boxes;
    this.noteDoubles(items);
    while (block.tiles.length > items.length) block.tiles.pop().node.remove();
    items.forEach((item, place) => {
      const tile = (block.tiles[place] ??= new Tile(block.node));
      tile.place(boxes[place]);
      this.dress(tile, item, index * pageSize + place);
    });
    block.node.style.height = `${height}px`;
    block.node.style.top = `${this.tops[index]}px`;
    if (this.heights[index] !== height) {
      const above = this.tops[index + 1] <= offset || (isNew && this.isSeenBelow(index, offset));
      this.heights[index] = height;
      this.resize();
      if (above) scrollBy({ top: height - before, behavior: "instant" });
    }
  }

  /** Whether something below a page is in view already. */
  isSeenBelow(index, offset) {
    return [...this.blocks.keys()].some((key) => key > index && this.tops[key] < offset + innerHeight && this.tops[key + 1] > offset);
  }

  dress(tile, item, position) {
    tile.dress(item, { position, total: this.list.total, isDouble: this.doubles.has(stem(item)) });
    tile.link.tabIndex = position === this.steps.focused ? 0 : -1;
  }

  /** Those that differ by their ending alone are shown with it. */
  noteDoubles(items) {
    const seen = new Set();
    for (const item of items) {
      if (seen.has(stem(item))) this.doubles.add(stem(item));
      seen.add(stem(item));
    }
  }

  /** Height of rows: a few photographs are shown larger. */
  rowHeight(items) {
    const { width, height } = this.measures;
    if (this.list.pages > 1 || width < 560) return height;
    const sum = items.reduce((total, item) => total + aspect(item), 0);
    return Math.max(height, Math.min(height * 1.5, Math.sqrt((width * innerHeight * 0.6) / sum)));
  }

  clicked(event) {
    const link = event.target.closest("a.tile");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const position = Number(link.dataset.position);
    const item = this.list.at(position);
    if (item) this.open(item, position);
  }

  /** What is at the top of the view: a page and how far down in it, as a part of it. */
  anchor() {
    if (this.list.total === null || this.tops.length < 2 || this.offset <= 0) return null;
    const page = this.pageAt(this.offset);
    return { page, part: (this.offset - this.tops[page]) / (this.tops[page + 1] - this.tops[page]) };
  }

  scrollTo({ page, part }) {
    if (page >= this.list.pages) return;
    const y = this.tops[page] + part * (this.tops[page + 1] - this.tops[page]);
    scrollTo({ top: scrollY + y - this.offset, behavior: "instant" });
  }
}
