// Photographs that are dropped on the page, or chosen, go into the inbox.

import * as api from "./api.js";
import { counted, make, settled, size, the } from "./dom.js";
import { icon } from "./icons.js";
import * as live from "./live.js";

/** Files that are sent at once. */
const lanes = 2;

/** Lines that are kept in view; the rest is counted. */
const shown = 60;

/** Takes files anywhere on the page: `folder` says where to; `added` is called when some have arrived. */
export class Uploads {
  constructor(folder, added) {
    this.folder = folder;
    this.added = added;
    this.waiting = [];
    this.busy = 0;
    this.done = 0;
    this.failed = 0;
    this.depth = 0;
    this.root = the("uploads");
    this.title = make("h2", { id: "uploads-title", class: "uploads-title", role: "status" });
    this.list = make("ul", { class: "uploads-list", tabindex: "0", "aria-label": "Files" });
    const away = make("button", { type: "button", class: "icon", "aria-label": "Put away", on: { click: () => this.putAway() } }, icon("close"));
    this.root.append(make("header", {}, this.title, away), this.list);
    this.sent = new Map();
    live.on("result", ({ change, entry }) => change === "added" && this.arrived(entry));
    const look = settled(700, () => this.lookLeftAlone());
    live.on("queue", () => this.sent.size && look());
    this.listen();
  }

  /** A photograph that was sent from here is on the wall. */
  arrived(entry) {
    this.sent.get(entry?.path)?.finish("Coloured");
    this.sent.delete(entry?.path);
  }

  /** Says of what was sent from here if it is left alone, and why. */
  async lookLeftAlone() {
    const { results } = await api.results({ filter: "left-alone" }, { limit: 200 }).catch(() => ({ results: [] }));
    for (const { path, reason } of results) {
      this.sent.get(path)?.finish(`Left alone: ${reason}`);
      this.sent.delete(path);
    }
  }

  listen() {
    const input = the("files");
    the("add").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.add([...input.files].map((file) => ({ file, name: file.name })));
      input.value = "";
    });
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => {
      if (!hasFiles(event)) return;
      this.depth += 1;
      the("drop").hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (!hasFiles(event)) return;
      this.depth = Math.max(0, this.depth - 1);
      the("drop").hidden = this.depth === 0;
    });
    addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.depth = 0;
      the("drop").hidden = true;
      this.take(event.dataTransfer);
    });
    addEventListener("beforeunload", (event) => (this.busy || this.waiting.length) && event.preventDefault());
  }

  /** Files of a drop, those in folders too. */
  async take(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return this.add([...transfer.files].map((file) => ({ file, name: file.name })));
    const found = [];
    for (const entry of entries) await collect(entry, found, 0);
    this.add(found);
  }

  async add(files) {
    if (!files.length) return;
    const limits = await api.openSession().catch(() => ({}));
    if (!this.busy && !this.waiting.length) this.begin();
    for (const { file, name } of files) {
      const item = { file, name, folder: this.folder(), ...line(name, file.size) };
      if (this.list.children.length < shown) this.list.append(item.node);
      if (limits.upload_bytes && file.size > limits.upload_bytes) {
        this.fails(item, `Larger than ${size(limits.upload_bytes)}, which is the most that the desk takes.`);
      } else if (!file.size) {
        this.fails(item, "It is empty.");
      } else {
        this.waiting.push(item);
      }
    }
    this.root.hidden = false;
    this.say();
    for (let lane = this.busy; lane < lanes; lane += 1) this.work();
  }

  begin() {
    this.list.replaceChildren();
    this.sent.clear();
    this.done = 0;
    this.failed = 0;
  }

  async work() {
    const item = this.waiting.shift();
    if (!item) return;
    this.busy += 1;
    this.say();
    try {
      const { name, path } = await api.upload(item.file, item.name, item.folder, (part) => item.progress(part));
      this.sent.set(path, item);
      item.finish(name === item.name ? "In the inbox" : `In the inbox as ${name}`);
      this.done += 1;
      this.added();
    } catch (error) {
      this.fails(item, error.message);
    }
    this.busy -= 1;
    this.say();
    await this.work();
    if (!this.busy && !this.waiting.length && !this.failed) this.leave();
  }

  fails(item, reason) {
    this.failed += 1;
    item.fail(reason);
    if (!item.node.isConnected) this.list.append(item.node);
  }

  say() {
    const left = this.busy + this.waiting.length;
    const failed = this.failed ? `, ${this.failed} failed` : "";
    this.title.textContent = left ? `Adding ${counted(left, "photograph", "photographs")}${failed}` : `${counted(this.done, "photograph", "photographs")} added${failed}`;
  }

  leave() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => !this.busy && !this.waiting.length && !this.failed && this.putAway(), 4000);
  }

  putAway() {
    this.root.hidden = true;
  }
}

/** A file's line, with its progress. */
function line(name, bytes) {
  const state = make("span", { class: "upload-state", text: size(bytes) });
  const bar = make("progress", { max: "1", value: "0", "aria-label": name });
  const node = make("li", {}, make("span", { class: "upload-name", text: name }), state, bar);
  return {
    node,
    progress: (part) => (bar.value = part),
    finish(text) {
      bar.remove();
      state.textContent = text;
      node.classList.add("done");
    },
    fail(reason) {
      bar.remove();
      state.textContent = reason;
      node.classList.add("failed");
    },
  };
}

/** Collects the files of a dropped folder; hidden ones stay. */
async function collect(entry, found, depth) {
  if (entry.name.startsWith(".") || depth > 16 || found.length >= 20_000) return;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, name: file.name });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!batch.length) return;
    for (const child of batch) await collect(child, found, depth + 1);
  }
}
