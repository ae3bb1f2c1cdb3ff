// What is chosen of a result, one change after the other.

import * as api from "./api.js";
import { complain, say } from "./say.js";
import { keptNumber } from "./variants.js";

/** The choices that are made in a `Photograph`. */
export class Choosing {
  constructor(view) {
    this.view = view;
    this.writing = Promise.resolve();
  }

  /** Chooses a variant; one of which there is only a preview, as soon as it is made. */
  async choose(number) {
    const { view } = this;
    if (!view.result || !view.shown.some((variant) => variant.number === number)) return;
    const { subject } = view;
    const { wishes, making } = view.redrawing;
    view.select(number);
    // What was asked for last is what counts.
    wishes.delete(subject.id);
    if (view.freshVariant) {
      wishes.set(subject.id, { number, draw: view.freshVariant.draw, work: making });
      say(`Variant ${number} is chosen as soon as its full size is made.`);
      return;
    }
    if (number === keptNumber) return;
    await this.chooseDraw(subject, view.variant.draw, `Variant ${number} is chosen.`);
  }

  /** Chooses a variant by its draw: the number may be another one when its turn comes. */
  async chooseDraw(subject, draw, text) {
    const write = (result) => {
      const now = result.variant_list.find((variant) => variant.draw === draw);
      if (!now) throw new Error("This variant was drawn anew meanwhile.");
      return now.number === result.chosen ? null : api.choose(result.id, now.number, { revision: result.revision });
    };
    if (await this.change(subject, write, text)) this.view.past.remember(subject.id, null);
  }

  /** Chooses what is shown, and goes on to the next photograph. */
  async chooseAndGo() {
    const { view } = this;
    const { id } = view;
    await this.choose(view.selected);
    if (id === view.id && !view.redrawing.wishes.has(id) && view.result?.is_chosen) view.walk(1);
  }

  /** Writes a note beside the choice. */
  async note(text) {
    const { chosen, choice } = this.view.result ?? {};
    if (!chosen || text === (choice.note ?? "")) return;
    const write = ({ id, revision }) => api.choose(id, chosen, { revision, note: text || undefined });
    await this.change(this.view.subject, write, "The note is kept.");
  }

  async unchoose() {
    const { view } = this;
    if (!view.result) return;
    const { subject } = view;
    view.redrawing.wishes.delete(subject.id);
    const write = ({ id, is_chosen: isChosen, revision }) => (isChosen ? api.unchoose(id, revision) : null);
    if (await this.change(subject, write, "Nothing is chosen.")) view.past.remember(subject.id, null);
  }

  async toggle() {
    const { selected, keptImages, result } = this.view;
    const isChosen = selected === keptNumber ? keptImages : result?.chosen === selected;
    if (isChosen) await this.unchoose();
    else await this.choose(selected);
  }

  /**
   * Changes what is chosen of a result, one change after the other; tells whether something was. Another result may be in
   * view when its turn comes. `write` is given what is known then, and null from it says that nothing is to be changed.
   */
  change(subject, write, text) {
    const turn = this.writing.then(() => this.attempt(subject, write, text));
    this.writing = turn.catch(() => {});
    return turn;
  }

  /**
   * Writes by the revision that is known here. What was only made again meanwhile is looked up and written to; what somebody
   * else has chosen meanwhile stays, and is told.
   */
  async attempt(subject, write, text) {
    const { view } = this;
    const isShown = () => subject.id === view.id;
    // A sentence about what is not in view says what it is about.
    const told = (reason) => (isShown() ? reason : `${subject.result.name}: ${reason}`);
    try {
      for (let tries = 1; ; tries += 1) {
        const { choice } = subject.result;
        try {
          const written = write(subject.result);
          if (!written) return false;
          view.answered(subject, await written);
          say(told(text));
          return true;
        } catch (error) {
          if (error.status !== 409) throw error;
          view.answered(subject, await api.result(subject.id));
          if (tries < 8 && subject.result.choice?.time === choice?.time) continue;
          say(told("It was changed elsewhere meanwhile. Please look again."));
          return false;
        }
      }
    } catch (error) {
      if (error.status === 404 && isShown()) view.gone();
      else complain(isShown() ? error : told(error.message));
      return false;
    }
  }
}
