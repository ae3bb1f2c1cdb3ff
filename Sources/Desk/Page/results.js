// The list behind the wall: pages of results, fetched when they are looked at, forgotten when they are far away.

import * as api from "./api.js";

/** Results to a page: few enough to be laid out within one frame. */
export const pageSize = 30;
/** Pages that are kept; what is further from the eye is fetched again. */
const kept = 60;

/** A list of results for one question: a folder, a filter, a search. */
export class ResultList extends EventTarget {
  constructor() {
    super();
    this.question = { folder: null, filter: "all", search: "" };
    this.#forget();
  }

  #pages;
  #asked;
  #generation = 0;

  #forget() {
    this.#pages = new Map();
    this.#asked = new Map();
    this.#generation += 1;
    this.total = null;
    this.counts = null;
  }

  get pages() {
    return this.total === null ? 0 : Math.ceil(this.total / pageSize);
  }

  /** Asks something else. */
  ask(question) {
    for (const { controller } of this.#asked.values()) controller.abort();
    this.question = question;
    this.#forget();
    return this.load(0);
  }

  /** The results of a page, or nothing while they aren't there. */
  page(index) {
    const page = this.#pages.get(index);
    if (page) {
      this.#pages.delete(index);
      this.#pages.set(index, page);
    }
    return page?.items;
  }

  /** The result at a position, or nothing while it isn't there. */
  at(position) {
    return this.#pages.get(Math.floor(position / pageSize))?.items[position % pageSize];
  }

  /** Position of a result among those that are there; −1 for one that isn't. */
  position(id) {
    for (const [index, page] of this.#pages) {
      const place = page.items.findIndex((item) => item.id === id);
      if (place >= 0) return index * pageSize + place;
    }
    return -1;
  }

  /** Fetches a page, once; one that is out of date is fetched again. */
  load(index) {
    const page = this.#pages.get(index);
    if (page && !page.stale) return Promise.resolve(page.items);
    const asked = this.#asked.get(index);
    if (asked) return asked.promise;
    const controller = new AbortController();
    const promise = this.#fetch(index, controller.signal).finally(() => {
      if (this.#asked.get(index)?.controller === controller) this.#asked.delete(index);
    });
    this.#asked.set(index, { promise, controller });
    return promise;
  }

  /** Gives up what was asked for outside of these pages; the first one tells the counts, and stays. */
  only(first, last) {
    for (const [index, { controller }] of this.#asked) {
      if (index && (index < first || index > last)) {
        controller.abort();
        this.#asked.delete(index);
      }
    }
  }

  async #fetch(index, signal) {
    const generation = this.#generation;
    const answer = await api.results(this.question, { offset: index * pageSize, limit: pageSize, signal });
    if (generation !== this.#generation) return [];
    this.#pages.delete(index);
    this.#pages.set(index, { items: answer.results, stale: false });
    while (this.#pages.size > kept) this.#pages.delete(this.#pages.keys().next().value);
    const resized = this.total !== answer.total;
    this.total = answer.total;
    this.counts = answer.counts ?? null;
    this.dispatchEvent(new CustomEvent("page", { detail: { index, resized } }));
    return answer.results;
  }

  /** Puts a result that changed in its place; false if it isn't in view, or does not belong to the question any more. */
  replace(entry) {
    const position = this.position(entry.id);
    if (position < 0) return false;
    const index = Math.floor(position / pageSize);
    this.#pages.get(index).items[position % pageSize] = entry;
    this.dispatchEvent(new CustomEvent("entry", { detail: { index, entry } }));
    return true;
  }

  /** All pages are out of date: they stay in view until they were fetched again. */
  stale() {
    for (const page of this.#pages.values()) page.stale = true;
    for (const { controller } of this.#asked.values()) controller.abort();
    this.#asked.clear();
    this.dispatchEvent(new CustomEvent("stale"));
  }
}
