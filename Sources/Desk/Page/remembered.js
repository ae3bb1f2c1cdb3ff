// What this browser remembers of how somebody wants the desk to be.

const remember = (key, value) => (value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value));

/** In which order the wall shows photographs: `newest` or `name`. */
export const order = () => (localStorage.getItem("autochrome.order") === "name" ? "name" : "newest");
export const setOrder = (value) => remember("autochrome.order", value);

/** Whether single keys do anything: they can be turned off for those who dictate, or press keys without wanting to. */
export const keysWork = () => localStorage.getItem("autochrome.keys.off") === null;
export const setKeysWork = (value) => remember("autochrome.keys.off", value ? null : "1");
