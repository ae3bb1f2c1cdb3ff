// Photographs side by side in rows of one width, each with its own aspect: nothing but arithmetic.

/** Widths over heights outside of these are cropped on the wall. */
const narrowest = 0.5;
const widest = 2.6;

/** Width over height that a photograph has on the wall. */
export function aspect(item) {
  const ratio = item.width && item.height ? item.width / item.height : 1.4;
  return Math.min(widest, Math.max(narrowest, ratio));
}

/** Height that `count` photographs of unknown aspects will take. */
export function estimate(count, { width, height, gap, caption }) {
  const rows = Math.max(1, Math.round((count * 1.35 * height) / width));
  return rows * (height + caption + gap);
}

/**
 * Places photographs in rows: boxes `{x, y, width, height}` in their order, and the height of all.
 * Rows share the photographs evenly; at the end of the wall (`last`) they are filled in turn, and the last is not stretched.
 */
export function rows(items, { width, height, gap, caption }, last) {
  const aspects = items.map(aspect);
  const boxes = [];
  let y = 0;
  let above = null;
  let first = 0;
  let left = aspects.reduce((sum, value) => sum + value, 0);
  let remaining = Math.max(1, Math.round((left * height + items.length * gap) / width));
  while (first < items.length) {
    const share = last ? width / height : left / Math.max(1, remaining);
    let sum = aspects[first];
    let end = first + 1;
    while (end < items.length && ((remaining <= 1 && !last) || sum + aspects[end] / 2 <= share)) {
      sum += aspects[end];
      end += 1;
    }
    const space = width - gap * (end - first - 1);
    const ragged = last && end === items.length;
    const rowHeight = Math.round(Math.min(space / sum, ragged ? (above ?? height * 1.1) : height * 1.9));
    above = rowHeight;
    let x = 0;
    for (let index = first; index < end; index += 1) {
      const closes = index === end - 1 && !(ragged && space / sum > rowHeight);
      const boxWidth = closes ? width - x : Math.round(rowHeight * aspects[index]);
      boxes.push({ x, y, width: boxWidth, height: rowHeight });
      x += boxWidth + gap;
    }
    y += rowHeight + caption + gap;
    left -= sum;
    remaining -= 1;
    first = end;
  }
  return { boxes, height: y };
}
