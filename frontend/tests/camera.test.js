import assert from "node:assert/strict";

import { test } from "vitest";

import { fit, held, read, reveal, start, written, zoom } from "../src/network/camera.ts";

const FRAME = { width: 800, height: 400 };
const close = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-6, `${found} is not ${wanted}`);

test("a picture larger than its frame starts as wide as the frame, from the top", () => {
  const camera = start({ width: 1600, height: 4000 }, FRAME);
  assert.deepEqual(camera, { scale: 0.5, x: 0, y: 0 });
});

test("a small picture is in the middle and hardly enlarged", () => {
  const camera = start({ width: 400, height: 100 }, FRAME);
  assert.equal(camera.scale, 1.2);
  assert.equal(camera.x, 160);
  assert.equal(camera.y, 140);
});

test("showing all of it leaves nothing outside", () => {
  const picture = { width: 1600, height: 4000 };
  const { x, y, scale } = fit(picture, FRAME);
  assert.ok(x >= 0 && y >= 0 && x + picture.width * scale <= 800.001 && y + picture.height * scale <= 400.001);
});

test("zooming keeps the point under the pointer where it is, up to the limits", () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = zoom(before, 2, 100, 60);
  close((100 - after.x) / after.scale, (100 - before.x) / before.scale);
  close((60 - after.y) / after.scale, (60 - before.y) / before.scale);
  assert.equal(zoom(before, 1000, 0, 0).scale, 4);
  assert.equal(zoom(before, 1e-9, 0, 0).scale, 0.05);
});

test("the picture cannot be pushed out of its frame", () => {
  const picture = { width: 300, height: 300 };
  for (const far of [-1e6, 1e6]) {
    const { x, y } = held({ x: far, y: far, scale: 1 }, picture, FRAME);
    assert.ok(x < FRAME.width && x + picture.width > 0);
    assert.ok(y < FRAME.height && y + picture.height > 0);
  }
});

test("what is in sight is not moved, what is outside comes to the border", () => {
  const camera = { x: 0, y: 0, scale: 1 };
  const size = { width: 20, height: 20 };
  assert.deepEqual(reveal(camera, { x: 100, y: 100 }, size, FRAME), camera);
  const moved = reveal(camera, { x: 900, y: -50 }, size, FRAME);
  close(900 + moved.x + 10 + 8, FRAME.width);
  close(-50 + moved.y - 10 - 8, 0);
});

test("the address shows the same place in a frame of another size", () => {
  const camera = { x: -300, y: -120, scale: 0.8 };
  const text = written(camera, FRAME);
  const other = read(text, { width: 400, height: 300 });
  assert.equal(written(other, { width: 400, height: 300 }), text);
});

test("an address that was tampered with is ignored", () => {
  for (const text of [null, "", "1,2", "a,b,c", "1,2,0", "1,2,99", "1,,1", "Infinity,1,1", "NaN,1,1"])
    assert.equal(read(text, FRAME), null);
});
