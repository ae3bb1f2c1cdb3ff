// What the wall is asked for, and the addresses that ask for it.

import { filterNames } from "./rail.js";

/** Everything. */
export const everything = { folder: null, filter: "all", search: "" };

/** The address of a question, as people can pass it on. */
export function address({ folder, filter, search }) {
  const query = new URLSearchParams();
  if (filter !== "all") query.set("filter", filter);
  if (search) query.set("q", search);
  const text = query.toString();
  return (folder ? `/folders/${folder}` : "/") + (text ? `?${text}` : "");
}

/** What the address asks for. */
export function asked() {
  const [, kind, id] = location.pathname.split("/");
  const query = new URLSearchParams(location.search);
  const filter = Object.hasOwn(filterNames, query.get("filter")) ? query.get("filter") : "all";
  const own = { folder: kind === "folders" ? id : null, filter, search: query.get("q") ?? "" };
  return kind === "results" ? { result: id, question: history.state?.question ?? everything } : { question: own };
}
