// Line icons on a grid of 24, drawn with the colour of the text.

const paths = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h10",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2L20 20",
  check: "M5 12.5l4.5 4.5L19 7.5",
  keep: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  reroll: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
  hint: "M12 3c3.5 4.2 6 7.2 6 10.4A6 6 0 0 1 6 13.4C6 10.200 8.500 7.200 12 3z",
  undo: "M8 5L4 9l4 4M4 9h9a6 6 0 0 1 0 12h-2",
  split: "M12 4v16M9 9l-3 3 3 3M15 9l3 3-3 3",
  map: "M12 4c4.500 0 8 3 7.500 7.500S16 20 11.500 19.500 4 16 4.500 11.500 7.500 4 12 4zM12.500 9c1.800 0 3 1.500 2.500 3.300S13 15 11.200 14.700 8.800 13 9.200 11.300 10.700 9 12.500 9z",
  zoom: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.200 16.200L20 20M8 11h6M11 8v6",
};

/** The icon of this name, hidden from screen readers. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon-shape");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
