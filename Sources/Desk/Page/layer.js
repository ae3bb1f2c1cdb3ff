// One of the pictures that lie over each other on the stage.

import { make } from "./dom.js";

/** One picture over another: `show` takes addresses from the small one, which is at hand, to the large one. */
export function layer(name) {
  const image = make("img", { alt: "", draggable: "false", decoding: "async" });
  const node = make("div", { class: `layer ${name}` }, image);
  let turn = 0;
  let shown = [];
  return {
    node,
    image,
    clear() {
      turn += 1;
      shown = [];
      image.removeAttribute("src");
    },
    /** Shows the best of what is there at once, and each better one when it is decoded. */
    async show(addresses) {
      const wanted = addresses.filter(Boolean);
      // What is on its way already is not given up.
      if (shown.length && wanted.at(-1) === shown.at(-1)) return;
      const mine = ++turn;
      shown = wanted;
      for (const address of wanted) {
        if (image.getAttribute("src") === address) continue;
        const loader = new Image();
        loader.decoding = "async";
        loader.src = address;
        try {
          await loader.decode();
        } catch {
          continue;
        }
        if (mine !== turn) return;
        image.src = address;
      }
    },
  };
}
