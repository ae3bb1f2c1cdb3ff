// The strip of variants under the picture.

import { attribute, make } from "./dom.js";
import { icon } from "./icons.js";

/** Stands for the chosen picture that is none of the variants. */
export const keptNumber = 0;

/** What the strip shows of a result: its variants, or previews of what is being drawn anew. */
export function toShow({ variant_list: list, chosen, choice }, { fresh, kept }) {
  const made = list.map(({ number, images }) => ({ number, image: images.thumbnail, chosen: number === chosen, kept: kept.has(number) }));
  const drawn = fresh?.variants.map(({ number, is_kept: isKept, image }) => ({
    number,
    image,
    chosen: isKept && number === chosen,
    kept: kept.has(number),
    fresh: !isKept,
  }));
  // What was chosen before these were made stands beside them.
  const beside = choice?.images ? [{ number: keptNumber, image: choice.images.thumbnail, chosen: true, kept: false }] : [];
  return [...(drawn ?? made), ...beside];
}

/** Buttons, one for each variant: `select` is called with a number. */
export class Variants {
  constructor(select) {
    this.select = select;
    this.node = make("div", { class: "variants", role: "group", "aria-label": "Variants" });
    this.buttons = [];
    this.node.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.select(Number(button.dataset.number));
    });
  }

  /** Shows variants `{number, image, chosen, kept, fresh}`, of which one is selected. */
  show(variants, selected, aspect) {
    this.node.style.setProperty("--aspect", Math.min(1.9, Math.max(0.62, aspect)));
    while (this.buttons.length > variants.length) this.buttons.pop().node.remove();
    variants.forEach((variant, index) => {
      const button = (this.buttons[index] ??= this.button());
      const { number, image, chosen, kept, fresh } = variant;
      button.node.dataset.number = number;
      if (button.image.getAttribute("src") !== image) button.image.src = image;
      button.number.textContent = number || "kept";
      button.node.classList.toggle("chosen", chosen);
      button.node.classList.toggle("fresh", Boolean(fresh));
      attribute(button.node, "aria-current", number === selected ? "true" : null);
      button.kept.hidden = !kept;
      button.chosen.hidden = !chosen;
      const words = [number ? `Variant ${number}` : "As it was when it was chosen", chosen && "chosen", kept && "kept", fresh && "preview"];
      button.node.setAttribute("aria-label", words.filter(Boolean).join(", "));
    });
    this.reveal(selected);
  }

  button() {
    const image = make("img", { alt: "", decoding: "async", draggable: "false" });
    const number = make("span", { class: "variant-number" });
    const chosen = make("span", { class: "variant-chosen" }, icon("check"));
    const kept = make("span", { class: "variant-kept" }, icon("keep"));
    const node = make("button", { type: "button", class: "variant" }, image, number, kept, chosen);
    this.node.append(node);
    return { node, image, number, chosen, kept };
  }

  /** Scrolls the strip, and nothing else, to a variant. */
  reveal(number) {
    const button = this.buttons.find(({ node }) => Number(node.dataset.number) === number)?.node;
    if (!button) return;
    const { offsetLeft, offsetWidth } = button;
    const { scrollLeft, clientWidth } = this.node;
    if (offsetLeft < scrollLeft) this.node.scrollLeft = offsetLeft - 12;
    else if (offsetLeft + offsetWidth > scrollLeft + clientWidth) {
      this.node.scrollLeft = offsetLeft + offsetWidth - clientWidth + 12;
    }
  }
}
