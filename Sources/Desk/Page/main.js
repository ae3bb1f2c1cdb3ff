// The desk: a wall of photographs, one of them at a time, and what is in between.

import { address, asked, everything } from "./addresses.js";
import * as api from "./api.js";
import { counted, once, paced, settled, takesText, the } from "./dom.js";
import { icon } from "./icons.js";
import * as live from "./live.js";
import { isOfQueue, QueueView, trouble } from "./queue.js";
import { filterNames, Rail } from "./rail.js";
import { keysWork, order, setOrder } from "./remembered.js";
import { pageSize, ResultList } from "./results.js";
import { complain, say } from "./say.js";
import { showEmpty } from "./empty.js";
import { Uploads } from "./upload.js";
import { Wall } from "./wall.js";

const list = new ResultList();
const queue = new QueueView();
const wall = new Wall(the("wall"), list, open);
const rail = new Rail(go);
new Uploads(() => question.folder, () => lookAgain());

let question = everything;
let position = -1;
let scrolled = 0;
/** The view of one photograph; it comes when the wall stands, or when one is opened. */
let photograph = null;
const photographComes = once(async () => {
  const { Photograph } = await import("./photograph.js");
  photograph = new Photograph(the("photograph"), { leave, walk });
});

/** Goes to another question. */
function go(next, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address(next));
  route();
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Shows what the address asks for. */
async function route() {
  const { result, question: next } = asked();
  if (!same(next, question) || list.total === null) await ask(next, Boolean(result));
  if (result) await enter(result);
  else if (isOpen()) exit();
}

/** Whether one photograph is in view. */
const isOpen = () => !the("photograph").hidden;

// The wall

async function ask(next, isBehind) {
  question = next;
  if (the("search").value.trim() !== next.search) the("search").value = next.search;
  wall.clear();
  if (!isBehind) scrollTo({ top: 0, behavior: "instant" });
  rail.show(question, address);
  title();
  try {
    await list.ask({ ...question, order: order() });
    wall.measure();
    await look();
  } catch (error) {
    complain(error);
  }
}

function title() {
  const folder = question.folder && rail.name(question.folder);
  const name = question.filter === "all" ? folder || "All photographs" : filterNames[question.filter];
  the("title").textContent = name;
  if (!isOpen()) document.title = name === "All photographs" ? "Autochrome" : `${name} – Autochrome`;
  const settings = question.folder ?? rail.root?.id;
  the("folder-settings").hidden = !settings;
}

/** Shows wall, list or emptiness, and the counts. */
async function look() {
  const isList = isOfQueue(question.filter);
  the("order-label").hidden = isList;
  let { total } = list;
  if (isList) total = (await queue.show(question.filter, question)) ?? total;
  else queue.hide();
  the("queue").hidden = !isList || !total;
  the("wall").hidden = isList || !total;
  const folder = question.folder && rail.name(question.folder);
  const where = folder && question.filter !== "all" ? ` in ${folder}` : "";
  const found = question.search ? ` with “${question.search}” in their name` : "";
  the("count").textContent = total ? counted(total, "photograph", "photographs") + where + found : "";
  showEmpty(total === 0 ? question : null, list.counts?.["in-hand"]);
  rail.showCounts(list.counts);
  wall.draw();
}

let isBehind = false;

const lookAgain = paced(700, async () => {
  // The order in which one walks stays as it was when one began.
  isBehind = isOpen();
  if (isBehind) return;
  list.stale();
  try {
    await list.load(0);
    await look();
  } catch (error) {
    if (!(error instanceof api.Unreachable)) complain(error);
  }
});

const foldersAgain = paced(1500, async () => {
  try {
    rail.takeFolders(await api.folders());
    rail.show(question, address);
    title();
  } catch (error) {
    if (!(error instanceof api.Unreachable)) complain(error);
  }
});

function showTrouble(state) {
  const text = trouble(state);
  the("trouble").textContent = text;
  the("trouble").hidden = !text;
}

/** Chooses a variant of a photograph on the wall, or none. */
async function chooseOnWall({ id, name, variants, is_chosen: isChosen }, number) {
  if (number > variants || (!number && !isChosen)) return;
  photograph?.redrawing.wishes.delete(id);
  try {
    list.replace(await (number ? api.choose(id, number) : api.unchoose(id)));
    say(number ? `Variant ${number} of ${name} is chosen.` : `Nothing of ${name} is chosen.`);
  } catch (error) {
    complain(error);
  }
}

// One photograph

function open(item, place) {
  position = place;
  history.pushState({ question, position, walked: true }, "", `/results/${item.id}`);
  enter(item.id);
}

async function enter(id) {
  const known = history.state?.position ?? -1;
  const isThere = known < 0 || list.at(known)?.id === id || list.load(Math.floor(known / pageSize)).catch(() => {});
  try {
    await Promise.all([photographComes(), isThere]);
  } catch {
    complain("The desk does not answer.");
    return leave();
  }
  // Somebody may have gone on meanwhile.
  if (asked().result !== id) return;
  position = list.position(id);
  if (position < 0) position = known;
  const item = list.at(position);
  const isNew = !isOpen();
  if (isNew) scrolled = scrollY;
  the("desk").hidden = true;
  the("photograph").hidden = false;
  scrollTo({ top: 0, behavior: "instant" });
  photograph.open(id, item?.id === id ? item : null, { position, total: list.total });
  if (isNew) the("photograph-name").focus({ preventScroll: true });
  for (const near of [position + 1, position - 1]) if (near >= 0 && near < list.total) prepare(near);
}

/** Fetches a neighbour's small picture ahead of the step. */
async function prepare(near) {
  await list.load(Math.floor(near / pageSize)).catch(() => {});
  const images = list.at(near)?.images;
  if (images) new Image().src = images.preview;
}

/** Back to the wall, where it was. */
function leave() {
  if (history.state?.walked) history.back();
  else go(question, { replace: true });
}

function exit() {
  photograph.close();
  the("photograph").hidden = true;
  the("desk").hidden = false;
  title();
  scrollTo({ top: scrolled, behavior: "instant" });
  wall.measure();
  wall.draw();
  wall.fetch();
  if (position >= 0) wall.steps.focus(position);
  if (isBehind) lookAgain();
}

/** To the next photograph, or the one before. */
async function walk(direction) {
  const next = position + direction;
  if (position < 0 || next < 0 || next >= list.total) return;
  await list.load(Math.floor(next / pageSize)).catch(() => {});
  const item = list.at(next);
  if (!item) return;
  position = next;
  history.replaceState({ ...history.state, question, position }, "", `/results/${item.id}`);
  enter(item.id);
}

// News

live.on("result", ({ change, entry }) => {
  // Seen at once where it is in view; what the filter and the counts say of it comes with the list.
  if (change === "changed" && entry) list.replace(entry);
  lookAgain();
  if (change !== "changed") foldersAgain();
});
live.on("results", () => (lookAgain(), foldersAgain()));
live.on("failure", lookAgain);
live.on("work", () => question.filter === "in-hand" && lookAgain());
live.on("queue", (state) => {
  showTrouble(state);
  // What it counts is of all folders.
  lookAgain();
});
live.on("again", () => {
  lookAgain();
  foldersAgain();
  api.queue().then(showTrouble, () => {});
});

// Hands

async function showKeys() {
  (await import("./keys.js")).showKeys();
}

the("menu").append(icon("menu"));
the("search-label").prepend(icon("search"));
the("show-keys").addEventListener("click", showKeys);
the("folder-settings").addEventListener("click", async () => {
  const id = question.folder ?? rail.root.id;
  const { openSettings } = await import("./settings.js");
  openSettings(id, question.folder ? `“${rail.name(id)}”` : "all folders", rail.folders.get(id)?.sum);
});
the("order").value = order();
the("order").addEventListener("change", () => {
  setOrder(the("order").value);
  ask(question);
});
the("search").addEventListener(
  "input",
  settled(160, () => go({ ...question, search: the("search").value.trim() }, { replace: true })),
);
addEventListener("popstate", route);
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (document.querySelector("dialog[open]")) return;
  const isPlain = event.key.length > 1;
  if (!isPlain && !keysWork()) return;
  if (takesText(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "?") showKeys();
  else if (isOpen()) {
    if (!photograph.key(event)) return;
  } else if (event.key === "/") the("search").focus();
  else if (/^[0-9]$/.test(event.key) && wall.steps.current) chooseOnWall(wall.steps.current, Number(event.key));
  else if (event.key.startsWith("Arrow") && event.target === document.body && !the("wall").hidden && list.total) wall.steps.enter();
  else return;
  event.preventDefault();
});
history.scrollRestoration = "manual";

rail.show(question, address);
const arrived = route();
foldersAgain();
live.connect();
api.queue().then(showTrouble, () => {});
api.openSession().then(({ user }) => {
  the("user").textContent = user ? `Here as ${user}` : "";
}, () => {});
await arrived;
// The wall stands: what the next steps need is fetched before they are taken.
await new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
await photographComes().catch(() => {});
await Promise.all([import("./keys.js"), import("./settings.js")]).catch(() => {});
