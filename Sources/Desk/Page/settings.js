// Settings that hold for a folder: all of them shown, and those that a folder may have of its own changed here.

import * as api from "./api.js";
import { openDialog } from "./dialog.js";
import { counted, make, the } from "./dom.js";
import { icon } from "./icons.js";
import { complain } from "./say.js";

const words = {
  samples: "Variants for each photograph",
  candidates: "Draws to choose them from",
  seed: "Seed",
  temperature: "Temperature",
  mode_first: "The most likely colours first",
  saturation: "Saturation",
  mode_saturation: "Saturation of the most likely colours",
  format: "Format",
  quality: "Quality",
  chroma_subsampling: "Colours kept in JPEG",
  colored: "Photographs already in colour",
  sheet: "Contact sheet",
  uncertainty: "Map of doubt",
  metadata: "What the original says of itself",
  sidecars: "A file for photo managers beside each picture",
};

/** Values as people say them. */
const values = {
  skip: "leave alone",
  recolor: "colour anew",
  reject: "refuse",
  jpeg: "JPEG",
  png: "PNG",
  webp: "WebP",
  tiff: "TIFF",
  "4:4:4": "all (4:4:4)",
  "4:2:0": "a quarter (4:2:0)",
  keep: "keep all",
  minimal: "keep the dates",
  xmp: "XMP",
};

const origins = { configuration: "as everywhere", above: "from a folder above", folder: "set here" };

/** Opens the settings of a folder, in which and below which so many photographs are coloured. */
export async function openSettings(id, name, coloured) {
  let answer;
  try {
    answer = await api.folderSettings(id);
  } catch (error) {
    return complain(error);
  }
  const rows = make("div", { class: "settings" });
  const told = make("p", { class: "settings-told", role: "status" });
  const apply = make("button", { type: "button", class: "button primary", on: { click: () => write() } });
  const drop = make("button", { type: "button", class: "button", text: "Discard", on: { click: () => fill() } });
  const foot = make("div", { class: "settings-foot" }, told, drop, apply);
  // What is changed here and not applied yet, by its key; nothing as a value takes a setting back.
  const changes = new Map();
  const say = () => {
    apply.hidden = drop.hidden = !changes.size;
    apply.textContent = coloured ? `Apply, and colour ${counted(coloured, "photograph", "photographs")} again` : "Apply";
    if (changes.size) told.textContent = counted(changes.size, "change is not applied yet.", "changes are not applied yet.");
  };
  const change = (key, value) => {
    const before = answer.settings.find((setting) => setting.key === key);
    if (value !== null && String(value) === before.value) changes.delete(key);
    else changes.set(key, value);
    if (!changes.size) told.textContent = "";
    say();
  };
  const fill = () => {
    const focus = document.activeElement?.id;
    changes.clear();
    told.textContent = "";
    rows.replaceChildren(...answer.settings.map((setting) => row(setting, change)));
    if (focus) the(focus)?.focus();
    say();
  };
  const write = async () => {
    if (![...rows.querySelectorAll("input")].every((input) => input.reportValidity())) return;
    try {
      answer = await api.setFolderSettings(id, Object.fromEntries(changes));
      fill();
      told.textContent = "Set, for what is coloured from now on and for what lies in the inbox.";
    } catch (error) {
      told.textContent = error.message;
    }
  };
  fill();
  const reach = "What is applied is written to the folder, and goes for every photograph in it and below that has no settings of its own: those that lie in the inbox are coloured again.";
  openDialog(`Settings of ${name}`, make("p", { class: "fine", text: reach }), rows, foot);
}

function row(setting, change) {
  const { key, origin } = setting;
  const id = `setting-${key}`;
  const back = make("button", { type: "button", class: "icon", "aria-label": `Take back: ${words[key] ?? key}`, title: "Take back", on: { click: () => takeBack() } }, icon("undo"));
  back.hidden = origin !== "folder";
  const from = make("span", { class: "setting-origin", text: origins[origin] ?? origin });
  const takeBack = () => {
    from.textContent = "to be taken back";
    change(key, null);
  };
  return make(
    "div",
    { class: `setting ${origin}` },
    make("label", { for: id, text: words[key] ?? key }),
    field(id, setting, change),
    from,
    back,
  );
}

/** The input for a setting; `change` is called when it was changed and is valid. */
function field(id, { key, value, kind, minimum, maximum, choices }, change) {
  if (kind === "boolean") {
    const node = make("input", { id, type: "checkbox", on: { change: () => change(key, node.checked) } });
    node.checked = value === "true";
    return node;
  }
  if (kind === "choice") {
    const node = make("select", { id, on: { change: () => change(key, node.value) } }, ...choices.map((choice) => make("option", { value: choice, text: values[choice] ?? choice })));
    node.value = value;
    return node;
  }
  const step = kind === "integer" ? "1" : "any";
  const node = make("input", { id, type: "number", min: minimum, max: maximum, step, value, inputmode: kind === "integer" ? "numeric" : "decimal", required: true });
  node.addEventListener("change", () => node.reportValidity() && change(key, node.valueAsNumber));
  return node;
}
