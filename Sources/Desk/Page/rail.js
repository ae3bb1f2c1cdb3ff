// Filters and folders beside the wall.

import { attribute, make, number, the } from "./dom.js";

const filters = [
  ["all", "All"],
  ["new", "New"],
  ["chosen", "Chosen"],
  ["unchosen", "Not chosen"],
  ["in-hand", "In hand"],
  ["failed", "Failed"],
  ["left-alone", "Left alone"],
];

/** Names of the filters, for titles. */
export const filterNames = Object.fromEntries(filters);

/** What to look at: `go` is called with a question. */
export class Rail {
  constructor(go) {
    this.go = go;
    this.folders = new Map();
    this.links = new Map();
    for (const [filter, name] of filters) {
      const count = make("span", { class: "rail-count" });
      const link = make("a", { href: "/", data: { filter } }, make("span", { text: name }), count);
      this.links.set(filter, { link, count });
      the("filters").append(make("li", {}, link));
    }
    this.follow(the("filters"), (link) => ({ ...this.question, filter: link.dataset.filter }));
    this.follow(the("folders"), (link) => ({ ...this.question, folder: link.dataset.folder || null }));
    const menu = the("menu");
    menu.addEventListener("click", () => this.toggle(!document.body.classList.contains("rail-open")));
    document.addEventListener("click", (event) => {
      if (!event.target.closest("#rail, #menu")) this.toggle(false);
    });
    the("rail").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle(false, true);
    });
  }

  follow(list, question) {
    list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.toggle(false);
      this.go(question(link));
    });
  }

  /** Opens or closes the rail where it isn't always there. */
  toggle(isOpen, refocus = false) {
    document.body.classList.toggle("rail-open", isOpen);
    the("menu").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) the("rail").querySelector("a").focus({ preventScroll: true });
    if (refocus) the("menu").focus();
  }

  show(question, address) {
    this.question = question;
    for (const [filter, { link }] of this.links) {
      link.href = address({ ...question, filter });
      attribute(link, "aria-current", filter === question.filter ? "page" : null);
    }
    this.showFolders(address);
  }

  showCounts(counts) {
    for (const [filter, { count }] of this.links) {
      const value = counts?.[filter];
      count.textContent = value ? number(value) : "";
      if (filter === "failed") count.classList.toggle("wrong", value > 0);
    }
  }

  /** Takes the folders there are, and counts what lies in and below each. */
  takeFolders(list) {
    this.folders = new Map(list.map((folder) => [folder.id, { ...folder, sum: folder.results, below: [] }]));
    this.root = null;
    for (const folder of this.folders.values()) {
      const parent = this.folders.get(folder.parent);
      if (parent) parent.below.push(folder);
      else this.root ??= folder;
      for (let above = parent; above; above = this.folders.get(above.parent)) above.sum += folder.results;
    }
  }

  name(id) {
    const folder = this.folders.get(id);
    return folder ? folder.name || "Inbox" : "";
  }

  /** The folders above the one in view, it, and those in it: never all of an archive at once. */
  showFolders(address) {
    const open = new Set();
    for (let id = this.question.folder; id; id = this.folders.get(id)?.parent) open.add(id);
    const rows = [];
    const collect = (list, depth) => {
      const sorted = list.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
      for (const folder of sorted) {
        rows.push([folder, depth]);
        if (open.has(folder.id)) collect(folder.below, depth + 1);
      }
    };
    collect(this.root?.below ?? [], 0);
    the("folders-nav").hidden = !rows.length;
    const isAll = !this.question.folder || this.question.folder === this.root?.id;
    const line = (id, name, sum, depth, current) => {
      const link = make(
        "a",
        { href: address({ ...this.question, folder: id }), data: { folder: id ?? "" }, "aria-current": current ? "page" : null, title: name },
        make("span", { text: name }),
        make("span", { class: "rail-count", text: number(sum) }),
      );
      link.style.setProperty("--depth", depth);
      return make("li", {}, link);
    };
    the("folders").replaceChildren(
      line(null, "All folders", this.root?.sum ?? 0, 0, isAll),
      ...rows.slice(0, 400).map(([folder, depth]) => line(folder.id, folder.name, folder.sum, depth, folder.id === this.question.folder)),
    );
  }
}
