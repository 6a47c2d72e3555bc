// Moves a picture in its frame: drag, pinch, Ctrl and wheel, keys. It writes the transform itself, so that no frame
// of a movement asks the components for anything; the address learns where one looks once the movement has ended.
import { currentLocation, keepQuery } from "../router";
import { fit, held, moved, read, reveal, start, written, zoom, type Camera, type Size } from "./camera";

const STEP = 1.3;
const ARROW = 60;
const CLICK_SLACK = 4;
const PATIENCE = 300;
const LOWEST = 180;
const FIELD = "at";

export class CameraControl {
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  private size: Size = { width: 0, height: 0 };
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private isDragging = false;
  private isUntouched = true;
  private drawnScale = 1;
  private timer = 0;
  private readonly ending = new AbortController();

  constructor(
    private readonly frame: HTMLElement,
    private readonly layer: HTMLElement,
    private picture: Size,
  ) {
    this.measure();
    const asked = read(currentLocation.peek().query.get(FIELD), this.size);
    this.isUntouched = asked === null;
    this.show(asked ?? start(this.picture, this.size));
    this.drawnScale = this.camera.scale;
    this.listen();
  }

  /** Another picture in the same frame; one that was not moved is shown from its start. */
  change(picture: Size): void {
    this.picture = picture;
    this.measure();
    this.show(this.isUntouched ? start(picture, this.size) : this.camera);
  }

  end(): void {
    this.ending.abort();
    clearTimeout(this.timer);
  }

  larger = (): void => this.zoomMiddle(STEP);
  smaller = (): void => this.zoomMiddle(1 / STEP);
  all = (): void => this.glide(fit(this.picture, this.size));

  /** Bring a box of the picture into sight. */
  reveal(middle: { x: number; y: number }, size: Size): void {
    const camera = reveal(this.camera, middle, size, this.size);
    if (camera.x !== this.camera.x || camera.y !== this.camera.y) this.glide(camera);
  }

  private measure(): void {
    const width = this.frame.clientWidth;
    const tallest = Math.max(0.72 * innerHeight, 2 * LOWEST);
    const wanted = this.picture.height * start(this.picture, { width, height: 0 }).scale;
    const height = Math.round(Math.min(Math.max(wanted, LOWEST), tallest));
    this.frame.style.height = `${height}px`;
    this.size = { width, height };
  }

  private listen(): void {
    const { signal } = this.ending;
    const { frame } = this;
    frame.addEventListener("wheel", this.onWheel, { signal, passive: false });
    frame.addEventListener("pointerdown", this.onDown, { signal });
    frame.addEventListener("pointermove", this.onMove, { signal });
    frame.addEventListener("pointerup", this.onUp, { signal });
    frame.addEventListener("pointercancel", this.onUp, { signal });
    frame.addEventListener("click", this.onClick, { signal, capture: true });
    frame.addEventListener("keydown", this.onKey, { signal });
    const observer = new ResizeObserver(() => {
      if (frame.clientWidth !== this.size.width) this.change(this.picture);
    });
    observer.observe(frame);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  private show(camera: Camera): void {
    this.camera = held(camera, this.picture, this.size);
    const { x, y, scale } = this.camera;
    this.layer.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  }

  /** Shown at once, and told to the address once it rests. */
  private move(camera: Camera): void {
    this.isUntouched = false;
    this.show(camera);
    clearTimeout(this.timer);
    this.timer = setTimeout(this.rest, PATIENCE);
  }

  private readonly rest = (): void => {
    this.layer.classList.remove("moving", "gliding");
    keepQuery({ [FIELD]: written(this.camera, this.size) });
    if (this.camera.scale === this.drawnScale) return;
    this.drawnScale = this.camera.scale;
    this.layer.classList.add("resized");
    requestAnimationFrame(() => requestAnimationFrame(() => this.layer.classList.remove("resized")));
  };

  private glide(camera: Camera): void {
    this.layer.classList.add("gliding");
    this.move(camera);
  }

  private follow(camera: Camera): void {
    this.layer.classList.remove("gliding");
    this.layer.classList.add("moving");
    this.move(camera);
  }

  private zoomMiddle(factor: number): void {
    this.glide(zoom(this.camera, factor, this.size.width / 2, this.size.height / 2));
  }

  private readonly onWheel = (event: WheelEvent): void => {
    // A bare wheel scrolls the page; a pinch on a touchpad comes as a wheel with Ctrl.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.frame.getBoundingClientRect();
    const speed = Math.abs(event.deltaY) < 50 ? 0.01 : 0.002;
    const factor = Math.exp(-event.deltaY * speed);
    this.follow(zoom(this.camera, factor, event.clientX - box.left, event.clientY - box.top));
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    if (this.pointers.size === 0) this.isDragging = false;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };

  private readonly onMove = (event: PointerEvent): void => {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const here = { x: event.clientX, y: event.clientY };
    if (!this.isDragging && Math.hypot(here.x - last.x, here.y - last.y) < CLICK_SLACK) return;
    if (!this.isDragging) this.frame.setPointerCapture(event.pointerId);
    this.isDragging = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, here);
    if (!other) return this.follow(moved(this.camera, here.x - last.x, here.y - last.y));
    const box = this.frame.getBoundingClientRect();
    const spread = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y);
    const factor = spread(here) / Math.max(spread(last), 1);
    this.follow(
      zoom(this.camera, factor, (here.x + other.x) / 2 - box.left, (here.y + other.y) / 2 - box.top),
    );
  };

  private readonly onUp = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId);
  };

  /** The click that ends a drag opens nothing. */
  private readonly onClick = (event: MouseEvent): void => {
    if (!this.isDragging || event.detail === 0) return;
    this.isDragging = false;
    event.stopPropagation();
    event.preventDefault();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.keys[event.key] ?? (event.target === this.frame ? this.arrows[event.key] : undefined);
    if (!act) return;
    event.preventDefault();
    act();
  };

  private readonly keys: Readonly<Record<string, () => void>> = {
    "+": this.larger,
    "=": this.larger,
    "-": this.smaller,
    "0": this.all,
  };

  private readonly arrows: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => this.follow(moved(this.camera, ARROW, 0)),
    ArrowRight: () => this.follow(moved(this.camera, -ARROW, 0)),
    ArrowUp: () => this.follow(moved(this.camera, 0, ARROW)),
    ArrowDown: () => this.follow(moved(this.camera, 0, -ARROW)),
  };
}
