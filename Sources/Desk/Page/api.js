// The desk's API; openapi.json describes it.

import { early } from "./early.js";

const base = "/api/v1";

/** What the server refused, in a sentence for people. */
export class Refusal extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The desk cannot be reached. */
export class Unreachable extends Error {}

let session = null;

/** What a page needs to write; asked for once. */
export function openSession(again = false) {
  if (!session || again) {
    session = call("/session");
    session.catch(() => (session = null));
  }
  return session;
}

async function call(path, { method = "GET", body, signal, retried = false } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = (await openSession()).csrf;
  let response;
  try {
    response = method === "GET" ? await early(base + path) : null;
    response ??= await fetch(base + path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("The desk does not answer.");
  }
  if (response.ok) return response.json();
  if (response.status === 401) location.assign("/login");
  const refusal = await reasonOf(response);
  // A desk that was started again has another token.
  if (response.status === 403 && method !== "GET" && !retried) {
    await openSession(true);
    return call(path, { method, body, signal, retried: true });
  }
  throw refusal;
}

async function reasonOf(response) {
  const text = await response.text().catch(() => "");
  return refusal(response.status, text);
}

function refusal(status, text) {
  try {
    const { message, code } = JSON.parse(text).error;
    return new Refusal(message, status, code);
  } catch {
    return new Refusal(`The desk answered with ${status}.`, status, "unknown");
  }
}

const query = (values) => {
  const pairs = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
};

export const results = ({ folder, filter, search, order }, { offset, limit, signal }) => {
  const asked = { limit, offset: offset || null, folder, filter: filter === "all" ? null : filter, q: search };
  return call(`/results${query({ ...asked, order: order === "newest" ? null : order })}`, { signal });
};

export const result = (id, signal) => call(`/results/${id}`, { signal });
export const choose = (id, variant, { revision, note } = {}) =>
  call(`/results/${id}/choose`, { method: "POST", body: { variant, revision, note } });
export const unchoose = (id, revision) => call(`/results/${id}/unchoose`, { method: "POST", body: { revision } });
export const undo = (id) => call(`/results/${id}/undo`, { method: "POST", body: {} });
export const preview = (id, wish) => call(`/results/${id}/previews`, { method: "POST", body: wish });
export const reroll = (id, wish) => call(`/results/${id}/reroll`, { method: "POST", body: wish });
export const setHints = (id, hints) => call(`/results/${id}/hints`, { method: "POST", body: { hints } });
export const folders = () => call("/folders").then((answer) => answer.folders);
export const folderSettings = (id) => call(`/folders/${id}/settings`);
export const setFolderSettings = (id, values) => call(`/folders/${id}/settings`, { method: "PUT", body: values });
export const queue = () => call("/queue");
export const failures = (limit) => call(`/failures${query({ limit })}`);
export const retry = (ids) => call("/retry", { method: "POST", body: ids ? { ids } : {} });
export const recolor = (id) => call("/recolor", { method: "POST", body: { ids: [id] } });
export const events = () => new EventSource(`${base}/events`);

/** Sends a file into the inbox; `progress` is told the part that is sent, from 0 to 1. */
export async function upload(file, name, folder, progress) {
  try {
    return await send(file, name, folder, progress);
  } catch (error) {
    if (error.status !== 403) throw error;
    await openSession(true);
    return send(file, name, folder, progress);
  }
}

async function send(file, name, folder, progress) {
  const { csrf } = await openSession();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${base}/uploads${query({ name, folder })}`);
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(refusal(request.status, request.responseText));
    });
    request.addEventListener("error", () => reject(new Unreachable("The desk stopped answering.")));
    request.send(file);
  });
}
