// Elements are made here. Text is only ever set as text, so no name of a file can become markup.

/** Makes an element: `text` is its text, `on` its listeners, `data` its dataset; other keys are attributes. */
export function make(tag, { text, on, data, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  if (text !== undefined) node.textContent = text;
  for (const [name, listener] of Object.entries(on ?? {})) node.addEventListener(name, listener);
  Object.assign(node.dataset, data ?? {});
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The element of this id. */
export const the = (id) => document.getElementById(id);

/** Sets an attribute, or removes it where the value is nothing. */
export function attribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

/** Does `work` at the first call alone; one that fails is done again at the next. */
export function once(work) {
  let done = null;
  return () => (done ??= work().catch((error) => {
    done = null;
    throw error;
  }));
}

/** Calls `work` once, `milliseconds` after the last call. */
export function settled(milliseconds, work) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/** Calls `work` at once and then no more often than every `milliseconds`; the last call is never lost. */
export function paced(milliseconds, work) {
  let resting = false;
  let again = false;
  const rest = () => {
    resting = again;
    if (again) setTimeout(rest, milliseconds);
    if (again) work();
    again = false;
  };
  return () => {
    if (resting) {
      again = true;
      return;
    }
    resting = true;
    setTimeout(rest, milliseconds);
    work();
  };
}

/** Calls `work` at the next frame, once for any number of calls before it. */
export function framed(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** A number as people of this place write it. */
export const number = (value) => value.toLocaleString();

/** A count with its noun. */
export const counted = (value, one, many) => `${number(value)} ${value === 1 ? one : many}`;

/** Writes a day and an hour as people of this place do. */
export const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Bytes as people read them. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes < 10 && unit > 0 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

/** Whether typing goes into this element. */
export const takesText = (node) =>
  node instanceof HTMLElement &&
  (node.isContentEditable ||
    node instanceof HTMLTextAreaElement ||
    node instanceof HTMLSelectElement ||
    (node instanceof HTMLInputElement && !["button", "checkbox", "radio", "range"].includes(node.type)));
