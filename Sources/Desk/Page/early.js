// The wall's first page is asked for while the rest of the desk is still on its way.

import { order } from "./remembered.js";

const address = `/api/v1/results?limit=30${order() === "newest" ? "" : `&order=${order()}`}`;
let answer = null;
if (location.pathname === "/" && !location.search) {
  answer = fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
}

/** The answer to what was asked for early, once; nothing for any other address. */
export function early(asked) {
  if (asked !== address) return null;
  const taken = answer;
  answer = null;
  return taken;
}
