// Fingers, mouse and keys on the large picture: slide, zoom, pan.

/** What hands do to a `Picture`. */
export class Gestures {
  constructor(picture) {
    this.picture = picture;
    this.pointers = new Map();
    const { node, handle } = picture;
    node.addEventListener("pointerdown", (event) => this.down(event));
    node.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, (event) => this.up(event));
    node.addEventListener("dblclick", (event) => picture.aim.pick || picture.toggleZoom(this.point(event)));
    node.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    handle.addEventListener("keydown", (event) => this.key(event));
    node.addEventListener("dragstart", (event) => event.preventDefault());
    // Chromium takes a tap soon after a swipe for the end of that, unless the swipe is ours alone.
    const own = (event) => this.isSwipe(event) && event.cancelable && event.preventDefault();
    for (const name of ["touchstart", "touchmove"]) node.addEventListener(name, own, { passive: false });
  }

  point(event) {
    const { left, top } = this.picture.node.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** Whether a touch moves something here, and is neither a tap nor scrolls the page. */
  isSwipe(event) {
    return Boolean(event.target.closest(".handle") || this.picture.node.classList.contains("sliding") || (event.type === "touchmove" && this.picture.zoom));
  }

  down(event) {
    if (event.button || event.target.closest(".pin")) return;
    const point = this.point(event);
    if (this.picture.aim.pick) return;
    this.pointers.set(event.pointerId, point);
    const onHandle = event.target.closest(".handle");
    this.dragging = onHandle || !this.picture.zoom ? "split" : "pan";
    if (this.pointers.size === 2) this.dragging = "pinch";
    this.from = point;
    this.picture.node.setPointerCapture(event.pointerId);
    // The focus stays where it is: arrows go on walking the variants.
    if (onHandle) event.preventDefault();
  }

  move(event) {
    const { picture } = this;
    if (picture.aim.pick) {
      picture.aim.to(this.point(event));
      return;
    }
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const point = this.point(event);
    this.pointers.set(event.pointerId, point);
    if (this.dragging === "pinch" && this.pointers.size === 2) this.pinch(before, point, event.pointerId);
    else if (this.dragging === "pan") picture.pan(point.x - before.x, point.y - before.y);
    else if (this.dragging === "split") {
      if (Math.abs(point.x - this.from.x) < 3) return;
      picture.node.classList.add("sliding");
      picture.setSplit((point.x - picture.span.left) / picture.span.width);
    }
  }

  pinch(before, point, id) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, value]) => value);
    const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
    const factor = apart(point, other) / Math.max(1, apart(before, other));
    this.picture.zoomTo(this.picture.box.scale * factor, { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 });
  }

  up(event) {
    const point = this.point(event);
    const { aim } = this.picture;
    if (aim.pick && event.type === "pointerup" && !event.button && !event.target.closest(".pin")) {
      aim.to(point);
      aim.take(point);
      return;
    }
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) {
      this.dragging = null;
      this.picture.node.classList.remove("sliding");
    }
  }

  wheel(event) {
    const { picture } = this;
    event.preventDefault();
    if (event.ctrlKey || !picture.zoom || Math.abs(event.deltaY) >= Math.abs(event.deltaX)) {
      picture.zoomTo(picture.box.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), this.point(event));
    } else {
      picture.pan(-event.deltaX, 0);
    }
  }

  /** Keys of the slider while it has the focus. */
  key(event) {
    const { picture } = this;
    const steps = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) picture.setSplit(picture.split + steps[event.key] * (event.shiftKey ? 5 : 1));
    else if (event.key === "Home") picture.setSplit(0);
    else if (event.key === "End") picture.setSplit(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
