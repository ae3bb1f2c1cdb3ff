// Variants drawn anew, by a re-roll or known colours: a preview at once, and the full size when it is made.

import * as api from "./api.js";
import * as live from "./live.js";
import { complain, say } from "./say.js";
import { keptNumber } from "./variants.js";

/** What is being drawn anew for a `Photograph`. */
export class Redrawing {
  constructor(view) {
    this.view = view;
    // By result: what is to be chosen once it is made, whatever is in view then.
    this.wishes = new Map();
    // By work: how it ended, which may be told before its order is answered.
    this.ended = new Map();
    this.begin();
    live.on("work", (work) => this.worked(work));
    for (const name of ["results", "again"]) live.on(name, () => this.again());
  }

  /** Another result comes into view. */
  begin() {
    this.kept = new Set();
    this.fresh = null;
    this.working = null;
    this.asking = false;
    this.making = null;
  }

  keep() {
    const { result, selected } = this.view;
    if (!result || selected === keptNumber) return;
    if (!this.kept.delete(selected)) this.kept.add(selected);
    this.view.show();
  }

  async reroll() {
    const { id, result } = this.view;
    if (!result) return;
    const keep = [...this.kept];
    if (result.chosen && !keep.includes(result.chosen)) keep.push(result.chosen);
    if (keep.length >= result.variant_list.length) {
      say("All variants are kept: there is nothing to draw.");
      return;
    }
    const draws = result.variant_list.map(({ draw }) => draw);
    if (await this.redraw({ keep: keep.sort((a, b) => a - b) })) this.view.past.remember(id, { draws });
  }

  async giveHints(hints) {
    const { id, result } = this.view;
    const before = { hints: result.hints };
    if (await this.redraw({ hints })) this.view.past.remember(id, before);
  }

  /** Asks for new variants: a preview at once, and the full size; tells whether they are being made. */
  async redraw(wish) {
    const { view } = this;
    const { id } = view;
    this.asking = true;
    this.working = "Drawing…";
    if (wish.hints) view.subject.result = { ...view.result, hints: wish.hints };
    view.show();
    try {
      if (view.result.can_preview) {
        const fresh = await api.preview(id, wish);
        if (id !== view.id) return false;
        this.takePreview(fresh, Boolean(wish.keep));
        // What is shown is what is made: of the full size, others might be the best.
        if (wish.keep) wish = { draws: fresh.variants.map(({ draw }) => draw) };
      }
      const work = await (wish.hints ? api.setHints(id, wish.hints) : api.reroll(id, wish));
      if (this.wishes.has(id)) this.wishes.get(id).work = work.id;
      // It may be over already.
      const end = this.ended.get(work.id);
      if (id !== view.id) {
        if (end) this.fulfil(id, end);
        return true;
      }
      this.asking = false;
      this.making = work.id;
      if (end) this.finish(end);
      else this.worked(work);
      return true;
    } catch (error) {
      const isWished = this.wishes.delete(id);
      if (id !== view.id) {
        if (isWished) complain(error);
        return false;
      }
      this.forgetPreview();
      complain(error);
      await view.reload();
      return false;
    } finally {
      if (id === view.id) this.asking = false;
    }
  }

  takePreview(fresh, isRedrawn) {
    this.fresh = fresh;
    // The kept ones may have other numbers now.
    const kept = fresh.variants.filter((variant) => variant.is_kept).map((variant) => variant.number);
    if (isRedrawn && this.kept.size) this.kept = new Set(kept);
    this.working = "A preview. The full size is being made…";
    this.view.show();
  }

  forgetPreview() {
    this.fresh = null;
    this.working = null;
    this.view.sayStatus();
  }

  /** News of a re-roll or of known colours; they may come in any order, and none is news after the last. */
  async worked(work) {
    if (this.ended.has(work.id)) return;
    const isOver = work.state === "failed" || work.state === "done";
    if (isOver) this.ended.set(work.id, work);
    if (work.result !== this.view.id) {
      if (isOver) await this.fulfil(work.result, work);
      return;
    }
    // What was asked for last is what is previewed.
    const isLast = !this.asking && (this.making === null || this.making === work.id);
    if (isOver && isLast) await this.finish(work);
    else if (isOver) await this.view.reload();
    else if (isLast) {
      this.working = this.fresh ? "A preview. The full size is being made…" : "New variants are being made…";
      this.view.sayStatus();
    }
  }

  /** What was asked for is made, or cannot be. The preview stays until what was made is there. */
  async finish(work) {
    const { fresh } = this;
    const id = work.result;
    this.making = null;
    const reason = work.reason ?? (work.state === "failed" ? "The variants could not be drawn anew." : null);
    if (reason) complain(reason);
    if (work.state === "failed") this.wishes.delete(id);
    await this.view.reload();
    if (id === this.view.id) {
      if (fresh !== this.fresh || this.making) return;
      this.forgetPreview();
      this.view.show();
    }
    await this.fulfil(id, work);
  }

  /** Chooses what was asked for of a result while it was only a preview; `work` is what has ended, if it is known. */
  async fulfil(id, work) {
    const wish = this.wishes.get(id);
    if (!wish) return;
    try {
      const subject = id === this.view.id && this.view.result ? this.view.subject : { id, result: await api.result(id) };
      if (this.wishes.get(id) !== wish) return;
      const made = subject.result.variant_list.find(({ draw }) => draw === wish.draw);
      // Another one's work has ended.
      if (!made && work && wish.work !== work.id) return;
      this.wishes.delete(id);
      const which = `Variant ${made?.number ?? wish.number}`;
      if (made && id === this.view.id) await this.view.choosing.choose(made.number);
      else if (made) await this.view.choosing.chooseDraw(subject, wish.draw, `${which} is chosen.`);
      else complain(`${subject.result.name}: ${which} of the preview was not made. ${work?.reason ?? ""}`.trim());
    } catch (error) {
      complain(error);
    }
  }

  /** After news were lost: what was being made may be done. */
  async again() {
    const { id } = this.view;
    if (!id && !this.wishes.size) return;
    const { desk } = await api.queue().catch(() => ({ desk: [] }));
    const pending = new Set(desk.filter(({ state }) => state === "waiting" || state === "in-hand").map(({ result }) => result));
    const isOpen = (result) => pending.has(result) || (result === this.view.id && this.asking);
    if (id && id === this.view.id) {
      if (!isOpen(id)) this.forgetPreview();
      await this.view.reload();
    }
    for (const wished of [...this.wishes.keys()]) if (!isOpen(wished)) await this.fulfil(wished);
  }
}
