// The focus on the wall: one photograph has it, and arrows move it as the eye does.

import { pageSize } from "./results.js";

/** The steps on a `Wall`. */
export class Steps {
  constructor(wall) {
    this.wall = wall;
    this.focused = 0;
    wall.root.addEventListener("keydown", (event) => this.walk(event));
    wall.root.addEventListener("focusin", (event) => this.noticed(event));
  }

  noticed(event) {
    const link = event.target.closest("a.tile");
    if (link) this.mark(Number(link.dataset.position));
  }

  mark(position) {
    this.link(this.focused)?.setAttribute("tabindex", "-1");
    this.focused = position;
    this.link(position)?.setAttribute("tabindex", "0");
  }

  link(position) {
    return this.wall.blocks.get(Math.floor(position / pageSize))?.tiles[position % pageSize]?.link;
  }

  /** Arrows go from photograph to photograph as the eye does. */
  walk(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.closest("a.tile")) return;
    const here = this.focused;
    const last = this.wall.list.total - 1;
    const steps = {
      ArrowRight: () => here + 1,
      ArrowLeft: () => here - 1,
      ArrowDown: () => this.across(here, 1),
      ArrowUp: () => this.across(here, -1),
      Home: () => 0,
      End: () => last,
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(last, step())));
  }

  /** Gives the focus to the first photograph in view. */
  enter() {
    const all = [...this.wall.blocks.values()].flatMap(({ tiles }) => tiles.map(({ link }) => link));
    const first = all.map((link) => ({ link, top: link.getBoundingClientRect().top })).filter(({ top }) => top >= 0);
    first.sort((one, other) => one.top - other.top);
    const link = first[0]?.link;
    this.focus(link && scrollY > 0 ? Number(link.dataset.position) : this.focused);
  }

  /** The photograph that has the focus. */
  get current() {
    const link = document.activeElement?.closest?.("a.tile");
    return link ? this.wall.list.at(Number(link.dataset.position)) : null;
  }

  /** The photograph above or below. */
  across(position, direction) {
    const { blocks, tops, list } = this.wall;
    const page = Math.floor(position / pageSize);
    const from = blocks.get(page)?.boxes[position % pageSize];
    if (!from) return position;
    const middle = from.x + from.width / 2;
    const y = tops[page] + from.y;
    let best = position;
    let row = null;
    for (let next = position + direction; next >= 0 && next < list.total; next += direction) {
      const block = Math.floor(next / pageSize);
      const box = blocks.get(block)?.boxes[next % pageSize];
      if (!box) return row === null ? next : best;
      const top = tops[block] + box.y;
      if (top === y) continue;
      if (row !== null && top !== row) break;
      row ??= top;
      best = next;
      const reached = direction > 0 ? box.x + box.width >= middle : box.x <= middle;
      if (reached) break;
    }
    return best;
  }

  /** Brings a photograph into view and gives it the focus. */
  async focus(position) {
    const { wall } = this;
    const page = Math.floor(position / pageSize);
    await wall.list.load(page).catch(() => {});
    if (!wall.blocks.has(page)) {
      scrollTo({ top: scrollY + wall.tops[page] - wall.offset - 80, behavior: "instant" });
      const items = wall.list.page(page);
      if (items) wall.lay(page, items);
    }
    this.mark(position);
    const link = this.link(position);
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest", behavior: "instant" });
    wall.draw();
    wall.fetch();
  }
}
