// Where one looks at a picture that is larger than its frame: the place in its middle, and how large it is shown.

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture's upper left corner in pixels of the frame, and the pixels that one unit of the picture takes. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const SMALLEST = 0.05;
const LARGEST = 4;
const LARGEST_START = 1.2;
const EDGE = 48;

/** As wide as the frame but not much larger than it was drawn, from the top. */
export function start(picture: Size, frame: Size): Camera {
  const scale = Math.min(frame.width / picture.width, LARGEST_START);
  const over = frame.height - picture.height * scale;
  return { scale, x: (frame.width - picture.width * scale) / 2, y: Math.max(over / 2, 0) };
}

/** All of it, in the middle. */
export function fit(picture: Size, frame: Size): Camera {
  const scale = clampScale(Math.min(frame.width / picture.width, frame.height / picture.height, LARGEST_START));
  return {
    scale,
    x: (frame.width - picture.width * scale) / 2,
    y: (frame.height - picture.height * scale) / 2,
  };
}

/** Larger or smaller by a factor, with the point of the frame (pixels) staying where it is. */
export function zoom(camera: Camera, factor: number, x: number, y: number): Camera {
  const scale = clampScale(camera.scale * factor);
  const ratio = scale / camera.scale;
  return { scale, x: x - (x - camera.x) * ratio, y: y - (y - camera.y) * ratio };
}

/** Moved by pixels. */
export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx, y: camera.y + dy };
}

/** Never so far away that nothing of the picture is left in the frame. */
export function held(camera: Camera, picture: Size, frame: Size): Camera {
  const within = (at: number, size: number, room: number): number =>
    Math.min(Math.max(at, EDGE - size), room - EDGE);
  return {
    scale: camera.scale,
    x: within(camera.x, picture.width * camera.scale, frame.width),
    y: within(camera.y, picture.height * camera.scale, frame.height),
  };
}

/** Moved as little as shows a box of the picture, given by its middle and size. */
export function reveal(camera: Camera, middle: { x: number; y: number }, size: Size, frame: Size): Camera {
  const shift = (at: number, half: number, room: number): number => {
    if (at - half < 0) return half - at;
    return at + half > room ? room - half - at : 0;
  };
  const x = camera.x + middle.x * camera.scale;
  const y = camera.y + middle.y * camera.scale;
  const dx = shift(x, (size.width * camera.scale) / 2 + 8, frame.width);
  const dy = shift(y, (size.height * camera.scale) / 2 + 8, frame.height);
  return moved(camera, dx, dy);
}

/** As text for the address: the picture's place in the middle of the frame, and the scale. */
export function written(camera: Camera, frame: Size): string {
  const middle = [(frame.width / 2 - camera.x) / camera.scale, (frame.height / 2 - camera.y) / camera.scale];
  return [...middle.map((value) => value.toFixed(0)), camera.scale.toFixed(3)].join(",");
}

/** What `written` wrote, in a frame of any size; null for anything else. */
export function read(text: string | null, frame: Size): Camera | null {
  const [x = NaN, y = NaN, scale = NaN] = (text ?? "").split(",").map((part) => (part ? Number(part) : NaN));
  if (![x, y, scale].every(Number.isFinite) || scale < SMALLEST || scale > LARGEST) return null;
  return { scale, x: frame.width / 2 - x * scale, y: frame.height / 2 - y * scale };
}

function clampScale(scale: number): number {
  return Math.min(Math.max(scale, SMALLEST), LARGEST);
}
