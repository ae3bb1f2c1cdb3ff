// What happens at the desk, as it happens. Listeners stand by the event's name.

import * as api from "./api.js";
import { the } from "./dom.js";

const listeners = new Map();
const names = ["hello", "result", "queue", "failure", "work", "results"];

/** Calls `listener` with the data of each event of this name; `again` comes when a lost connection stands again. */
export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(listener);
}

function tell(name, data) {
  for (const listener of listeners.get(name) ?? []) listener(data);
}

let stream = null;
let greeted = false;
let isLost = false;
let lost = 0;
let pause = 1000;

/** Opens the stream, and opens it again whenever it breaks. */
export function connect() {
  stream?.close();
  stream = api.events();
  for (const name of names) {
    stream.addEventListener(name, (event) => {
      if (name === "hello") stands();
      else tell(name, JSON.parse(event.data));
    });
  }
  stream.addEventListener("error", () => {
    stream.close();
    clearTimeout(lost);
    isLost = true;
    // A restart of the desk is no news; a second of silence is.
    setTimeout(() => {
      if (isLost && !document.hidden) say("The desk is out of reach. Trying again…");
    }, 1500);
    lost = setTimeout(connect, pause);
    pause = Math.min(pause * 1.6, 15_000);
  });
}

function stands() {
  isLost = false;
  pause = 1000;
  say("");
  if (greeted) {
    api.openSession(true).catch(() => {});
    tell("again");
  }
  greeted = true;
}

function say(text) {
  const line = the("connection");
  if (line.textContent !== text) line.textContent = text;
}

// A browser has few connections to one place: a window that nobody looks at gives its own back.
let leaving = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) {
    leaving = setTimeout(() => {
      clearTimeout(lost);
      stream.close();
    }, 20_000);
  } else if (stream.readyState === EventSource.CLOSED) {
    clearTimeout(lost);
    connect();
  }
});

addEventListener("online", () => stream?.readyState === EventSource.CLOSED && connect());
