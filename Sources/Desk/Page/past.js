// What was done in this window, so that it can be taken back though the page was loaded again.

import * as api from "./api.js";
import { say } from "./say.js";

const key = (id) => `autochrome.past.${id}`;

/** By result: the known colours or the draws of before, and nothing for a choice, whose past the result has itself. */
export class Past {
  constructor(view) {
    this.view = view;
  }

  remember(id, wish) {
    this.keep(id, [...this.of(id), wish]);
  }

  /** What was done last of the result in view, which is to be taken back. */
  recall() {
    const { id } = this.view;
    const past = this.of(id);
    const wish = past.pop();
    this.keep(id, past);
    return wish;
  }

  /** Whether something of the result in view was done that it has no past of itself. */
  get isKnown() {
    return this.of(this.view.id).some(Boolean);
  }

  of(id) {
    try {
      return JSON.parse(sessionStorage.getItem(key(id))) ?? [];
    } catch {
      return [];
    }
  }

  keep(id, past) {
    sessionStorage.setItem(key(id), JSON.stringify(past));
  }

  /** Takes back what was done last: known colours or a re-roll, or else the last choice. */
  async undo() {
    const { view } = this;
    if (!view.result) return;
    const { subject } = view;
    view.redrawing.wishes.delete(subject.id);
    const wish = this.recall();
    if (wish) {
      if (!(await view.redrawing.redraw(wish))) this.remember(subject.id, wish);
      return;
    }
    const write = ({ id, can_undo: canUndo }) => (canUndo ? api.undo(id) : null);
    const { can_undo: canUndo } = view.result;
    if (!(await view.choosing.change(subject, write, "Undone.")) && !canUndo) say("There is nothing to undo.");
  }
}
