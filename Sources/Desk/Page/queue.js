// What is in hand and what failed, as lists with reasons.

import * as api from "./api.js";
import { counted, make, moment, the } from "./dom.js";
import { complain, say } from "./say.js";

const stages = {
  waiting: "Waiting",
  decoding: "Reading",
  conditioning: "Looking",
  sampling: "Drawing colours",
  rendering: "Painting",
  publishing: "Publishing",
};

/** Rows that are asked for at once. */
const most = 200;

/** The filters whose photographs are listed here. */
export const isOfQueue = (filter) => filter === "in-hand" || filter === "failed" || filter === "left-alone";

/** The lists behind those filters. */
export class QueueView {
  constructor() {
    this.root = the("queue");
    this.kind = null;
    this.turn = 0;
    // What is to be coloured anyway, and waits for its turn.
    this.asked = new Set();
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.recolor) this.recolor(button);
      const id = button?.dataset.retry;
      if (id === undefined) return;
      this.retry(id ? [id] : this.isPart ? this.shown : null);
    });
  }

  /** Shows a list, and tells how many there are. */
  async show(kind, question) {
    if (this.kind !== kind) this.root.replaceChildren();
    this.kind = kind;
    this.question = question;
    const turn = ++this.turn;
    const [answer, known] = await Promise.all([
      api.results(question, { limit: most }),
      kind === "failed" ? api.failures(1000) : { failures: [] },
    ]);
    if (turn !== this.turn || kind !== this.kind) return answer.total;
    const details = new Map(known.failures.map((failure) => [failure.id, failure]));
    const items = answer.results.map((entry) => ({ ...entry, ...details.get(entry.id), isAsked: this.asked.has(entry.id) }));
    this.shown = items.map(({ id }) => id);
    const { retry, recolor } = document.activeElement?.dataset ?? {};
    const focus = retry === undefined ? recolor && `[data-recolor="${recolor}"]` : `[data-retry="${retry}"]`;
    this.root.replaceChildren(...this.head(kind, answer.total), this.list(kind, items, answer.total));
    if (focus) (this.root.querySelector(focus) ?? this.root.querySelector("button, a"))?.focus();
    return answer.total;
  }

  /** Whether a folder or a search leaves some out. */
  get isPart() {
    return Boolean(this.question.folder || this.question.search);
  }

  hide() {
    this.kind = null;
    this.turn += 1;
  }

  head(kind, total) {
    if (kind === "left-alone" && total) return [leftAloneHead()];
    if (kind !== "failed" || !total) return [];
    const all = this.isPart && total > this.shown.length ? `Retry these ${this.shown.length}` : "Retry all";
    return [
      make(
        "div",
        { class: "queue-head" },
        make("p", { text: "The originals are untouched. What was mended can be tried again." }),
        make("button", { type: "button", class: "button", text: all, data: { retry: "" } }),
      ),
    ];
  }

  list(kind, items, total) {
    const row = { failed: failure, "left-alone": leftAlone }[kind] ?? work;
    const list = make("ul", { class: "queue-list" }, ...items.map(row));
    if (total > items.length) list.append(make("li", { class: "queue-rest", text: `and ${counted(total - items.length, "more", "more")}` }));
    return list;
  }

  async retry(ids) {
    try {
      const { retried, problems } = await api.retry(ids);
      if (retried) say(`${counted(retried, "photograph is", "photographs are")} tried again.`);
      for (const problem of problems) complain(problem);
    } catch (error) {
      complain(error);
    }
    if (this.kind) await this.show(this.kind, this.question).catch(complain);
  }

  /** Has a photograph coloured that is in colour already; it leaves the list when its turn comes. */
  async recolor(button) {
    const { recolor: id, name } = button.dataset;
    try {
      const { problems } = await api.recolor(id);
      if (problems.length) return complain(problems[0]);
      this.asked.add(id);
      say(`${name} is coloured when its turn comes.`);
    } catch (error) {
      complain(error);
    }
    if (this.kind) await this.show(this.kind, this.question).catch(complain);
  }
}

function leftAloneHead() {
  const text = "These are not coloured: they are in colour already, or the same picture as another one. The settings of a folder say what becomes of all in it that are in colour.";
  return make("div", { class: "queue-head" }, make("p", { text }));
}

function failure({ id, name, path, reason, attempts, quarantined, time }) {
  const when = [time && moment.format(new Date(time)), attempts && counted(attempts, "attempt", "attempts"), quarantined && "kept apart: the program died at it"];
  return make(
    "li",
    { class: "queue-row failed" },
    make(
      "div",
      {},
      make("p", { class: "queue-name", text: path || name }),
      make("p", { class: "queue-reason", text: reason }),
      make("p", { class: "queue-when", text: when.filter(Boolean).join(" · ") }),
    ),
    make("button", { type: "button", class: "button", text: "Retry", "aria-label": `Retry ${name}`, data: { retry: id } }),
  );
}

/** A photograph that is not coloured, and why; the same picture as another one leads to that. */
function leftAlone({ id, name, path, reason, same, can_recolor: canRecolor, isAsked }) {
  const why = make("p", { class: "queue-reason" }, same ? make("a", { href: `/results/${same}`, text: reason }) : reason);
  const words = make("div", {}, make("p", { class: "queue-name", text: path || name }), why);
  const text = isAsked ? "Asked for" : "Colour it anyway";
  const button = canRecolor && make("button", { type: "button", class: "button", text, "aria-label": `${text}: ${name}`, data: { recolor: id, name } });
  return make("li", { class: "queue-row left-alone" }, words, button);
}

function work({ id, name, path, state, progress, reason, images }) {
  const stage = state === "waiting" ? "Waiting" : (stages[progress?.stage] ?? progress?.stage ?? "In hand");
  const seconds = state === "in-hand" && progress?.seconds >= 2 ? ` for ${Math.round(progress.seconds)} s` : "";
  const title = images ? make("a", { href: `/results/${id}`, text: path || name }) : path || name;
  return make(
    "li",
    { class: `queue-row ${state}` },
    make("div", {}, make("p", { class: "queue-name" }, title), reason && make("p", { class: "queue-reason", text: reason })),
    make("p", { class: "queue-stage", text: stage + seconds }),
  );
}

/** A sentence on what keeps the desk from working, or nothing. */
export function trouble({ running, stuck, paused, counts }) {
  const pending = counts.received + counts.claimed + counts.waiting;
  if (stuck) return "The colouring is stuck; its log says where.";
  if (paused) return `Nothing new is begun: ${paused}`;
  if (!running && pending) return `Nobody is colouring: ${counted(pending, "photograph waits", "photographs wait")} until “autochrome watch” runs.`;
  if (!running) return "Nobody is colouring. What is added waits until “autochrome watch” runs.";
  return "";
}
