// The label beside the picture: what it is, what is chosen, what is known, and what can be done.

import { make, moment, size } from "./dom.js";
import { colorName } from "./hints.js";
import { icon } from "./icons.js";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** A date as people write it; text that is none stays as it is. */
function date(text, format = day) {
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : format.format(time);
}

/** The panel of a `Photograph`. */
export class Label {
  constructor(view) {
    this.view = view;
    const action = (name, text, key, work, kind = "button") =>
      make("button", { type: "button", class: kind, "aria-keyshortcuts": key, on: { click: work } }, icon(name), make("span", { text }), make("kbd", { text: key, "aria-hidden": "true" }));
    this.name = make("h1", { id: "photograph-name", class: "label-name", tabindex: "-1" });
    this.path = make("p", { class: "label-path" });
    this.which = make("h2", { class: "label-which" });
    this.words = make("p", { class: "label-words" });
    this.chooseButton = action("check", "Choose", "Enter", () => view.choosing.toggle(), "button primary");
    this.keepButton = action("keep", "Keep", "k", () => view.redrawing.keep());
    this.keepButton.setAttribute("aria-pressed", "false");
    this.rerollButton = action("reroll", "Re-roll", "r", () => view.redrawing.reroll());
    this.undoButton = action("undo", "Undo", "u", () => view.past.undo(), "tool undo");
    this.hintButton = action("hint", "Give a colour", "h", () => view.hints.start());
    this.note = make("input", { type: "text", class: "note", maxlength: "2000", "aria-label": "A note on the choice", placeholder: "A note on the choice" });
    this.note.addEventListener("change", () => view.choosing.note(this.note.value.trim()));
    this.hintList = make("ul", { class: "hint-list" });
    this.warnings = make("ul", { class: "warnings" });
    this.facts = make("dl", { class: "facts" });
    this.figures = make("dl", { class: "facts" });
    this.links = make("p", { class: "links" });
    this.build();
  }

  build() {
    const section = (title, ...children) => make("section", {}, make("h2", { class: "label-title", text: title }), ...children);
    this.node = make(
      "div",
      { class: "label" },
      make(
        "header",
        { class: "label-head" },
        this.name,
        this.path,
        make("p", { class: "guess", text: "The colours are guesses. A gray photograph does not hold its own." }),
      ),
      make(
        "section",
        { class: "label-choice" },
        make("div", { class: "label-line" }, this.which, this.undoButton),
        this.words,
        make("div", { class: "actions" }, this.chooseButton, this.keepButton, this.rerollButton),
        this.note,
        make("p", { class: "fine", text: "A re-roll draws all anew but those kept and the chosen one." }),
      ),
      section("Known colours", this.hintList, this.hintButton),
      make("details", { class: "about", open: matchMedia("(min-width: 861px) and (min-height: 800px)").matches }, make("summary", { text: "About this photograph" }), this.warnings, this.facts, this.links, make("details", { class: "figures" }, make("summary", { text: "Figures" }), this.figures)),
    );
  }

  /** Shows what the wall knows of a photograph, until the rest is there. */
  clear(entry) {
    this.showName(entry);
    this.path.textContent = entry ? folder(entry) : "";
    this.note.hidden = true;
    this.which.textContent = "";
    this.words.textContent = "";
    for (const node of [this.hintList, this.warnings, this.facts, this.figures, this.links]) node.replaceChildren();
  }

  showName(entry) {
    this.name.textContent = entry?.name ?? "";
    this.name.classList.toggle("long", (entry?.name.length ?? 0) > 48);
  }

  show() {
    const { view } = this;
    const { result, selected, variant } = view;
    this.showName(result);
    this.path.textContent = folder(result);
    this.showVariant();
    const chosen = (result.chosen === selected || !variant) && !view.freshVariant;
    this.chooseButton.classList.toggle("done", chosen);
    this.chooseButton.setAttribute("aria-pressed", String(chosen));
    this.chooseButton.querySelector("span").textContent = chosen ? "Chosen" : `Choose ${selected}`;
    this.keepButton.disabled = !selected;
    this.keepButton.setAttribute("aria-pressed", String(view.redrawing.kept.has(selected)));
    this.keepButton.querySelector("span").textContent = view.redrawing.kept.has(selected) ? "Kept" : "Keep";
    this.note.hidden = !chosen || !result.choice;
    this.note.disabled = !result.chosen;
    if (document.activeElement !== this.note) this.note.value = result.choice?.note ?? "";
    this.undoButton.disabled = !result.can_undo && !view.past.isKnown;
    this.showHints();
    this.showFacts();
  }

  showVariant() {
    const { view } = this;
    const { result, selected, variant, freshVariant, keptImages } = view;
    const count = view.shown.filter(({ number }) => number).length;
    this.which.textContent = selected ? `Variant ${selected} of ${count}` : "The chosen picture";
    const same = keptImages && result.variant_list.find(({ draw }) => draw === result.choice.draw)?.number;
    const isRedrawn = freshVariant?.draw !== variant?.draw;
    const drawn = same ? ` Variant ${same} is the same draw, made again.` : "";
    if (!selected) this.words.textContent = `Kept as it was when it was chosen.${drawn}`;
    else if (freshVariant) this.words.textContent = isRedrawn ? "A new draw, in preview." : "With the colours that you know, in preview.";
    else if (variant) this.words.textContent = variant.is_mode ? "The most likely colours." : "A draw: one guess of many.";
    if (selected && keptImages) this.words.textContent += ` What was chosen before these were made is kept.${drawn}`;
  }

  showHints() {
    const { result, hints } = this.view;
    this.hintList.hidden = !result.hints.length;
    this.hintList.replaceChildren(
      ...result.hints.map((hint, index) => {
        const spot = `${Math.round(hint.x * 100)} % across, ${Math.round(hint.y * 100)} % down`;
        const name = colorName(hint.color);
        const told = hints.missed(hint);
        const swatch = make("span", { class: "hint-swatch" });
        swatch.style.setProperty("--color", hint.color);
        return make(
          "li",
          {},
          swatch,
          make("span", { class: "hint-words" }, name, make("small", { text: spot }), told && make("small", { class: "hint-missed", text: told })),
          make("button", { type: "button", class: "icon", "aria-label": `Remove the colour: ${name}, ${spot}`, on: { click: () => hints.remove(index) } }, icon("close")),
        );
      }),
    );
  }

  showFacts() {
    const { result, variant } = this.view;
    const { source = {}, settings = {}, model = {}, warnings = [], program } = result.metadata ?? {};
    this.warnings.hidden = !warnings.length;
    this.warnings.replaceChildren(...warnings.map((text) => make("li", { text })));
    const facts = [
      ["Size", result.width ? `${result.width} × ${result.height}` : null],
      ["File", [source.format?.toUpperCase(), source.bit_depth && `${source.bit_depth} bit`, source.bytes && size(source.bytes)].filter(Boolean).join(", ")],
      ["Taken", source.captured ? date(source.captured) : null],
      ["Coloured", result.published ? date(result.published, moment) : null],
    ];
    const figures = [
      ["Log-likelihood", variant ? Math.round(variant.log_likelihood).toLocaleString() : null],
      ["Mean chroma", variant?.mean_chroma.toFixed(1)],
      ["Draw", variant ? (variant.is_mode ? "mode (z = 0)" : `seed ${variant.seed ?? settings.seed}, index ${variant.sample}`) : null],
      ["Temperature", settings.temperature],
      ["Model", model.name ? `${model.name} ${model.sha256?.slice(0, 8) ?? ""}` : null],
      ["Program", program],
    ];
    list(this.facts, facts);
    list(this.figures, figures);
    const link = (text, href) => make("a", { text, href, download: "" });
    const page = (text, href) => make("a", { text, href, target: "_blank", rel: "noopener" });
    this.links.replaceChildren(
      ...[
        result.choice && link("Save the chosen picture", result.choice.download),
        variant && link(`Save variant ${variant.number}`, variant.download),
        result.sheet?.full && page("Contact sheet", result.sheet.full),
        result.uncertainty?.is_composite && page("Map of doubt", result.uncertainty.preview),
      ].filter(Boolean),
    );
  }
}

/** Fills a list of names and values with those that there are. */
function list(node, pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  node.replaceChildren(...known.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: String(value) })]));
}

/** The folder of a result, for people. */
function folder({ path, name }) {
  return path.endsWith(name) ? path.slice(0, -name.length).replace(/\/$/, "") : path;
}
