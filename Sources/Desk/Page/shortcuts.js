// Keys while one photograph is open.

/** Does what a key means for a `Photograph`; true if it was meant for it. */
export function press(view, event) {
  const { key } = event;
  if (view.hints.key(event)) return true;
  if (key === "Enter" && event.shiftKey) {
    view.choosing.chooseAndGo();
    return true;
  }
  if ((key === "Enter" || key === " ") && document.activeElement?.closest("button, a, summary, input")) return false;
  if (event.shiftKey && view.picture.panKey(key)) return true;
  const { picture, choosing, redrawing } = view;
  const actions = {
    "+": () => picture.zoomBy(1.25),
    "-": () => picture.zoomBy(0.8),
    ArrowLeft: () => view.step(-1),
    ArrowRight: () => view.step(1),
    ArrowUp: () => view.walk(-1),
    ArrowDown: () => view.walk(1),
    Escape: () => view.leave(),
    Enter: () => choosing.toggle(),
    0: () => choosing.unchoose(),
    k: () => redrawing.keep(),
    r: () => redrawing.reroll(),
    h: () => view.hints.start(),
    u: () => view.past.undo(),
    o: () => view.toggleOriginal(),
    d: () => view.toggleMap(),
    z: () => picture.toggleZoom(),
  };
  if (/^[1-9]$/.test(key)) choosing.choose(Number(key));
  else if (Object.hasOwn(actions, key)) actions[key]();
  else return false;
  return true;
}
