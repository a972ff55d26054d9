import { resize } from "./resize.js";
import { roundHalfEven } from "./tensor.js";

/**
 * A grey image, row by row, 0 to 255.
 * @typedef {{width: number, height: number, pixels: Uint8Array}} Grey
 */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box The last column and row are excluded. */
/**
 * How a digit is moved: pixels to the right and down, degrees clockwise, times as large.
 * @typedef {{x: number, y: number, angle: number, scale: number}} Move
 */

export const FIELD = 28; // pixels: the side of MNIST's images
const INK_BOX = 20; // pixels: the side of the box that the ink fits
const WHITE = 255;
const MIN_CONTRAST = 25; // grey levels between ink and background
const MIN_STROKE = 5; // pixels: the longer side of the largest stroke
const NOISE_DEVIATIONS = 4; // standard deviations of the background that are not ink
const INK_THRESHOLD = 64; // a quarter of full ink
const MIN_PART = 0.02; // of the pixels of the largest stroke: less is a speck
const QUARTILE = 0.6744897501960817; // of the standard normal distribution: from MAD to standard deviation

/**
 * Bring a grey image of a digit to MNIST's form, as `size_normalize` of the prediction pipeline does: the ink fits a
 * box of 20 x 20, and its centre of mass is in the middle of 28 x 28.
 * @param {Grey} image No side longer than 1024 pixels, not much higher than wide; dark ink on light or light on dark.
 * @returns {Uint8Array | null} 28 x 28 numbers, 255 is ink; `null`: there is no digit in the image.
 */
export function normalizeDigit(image) {
  const ink = findInk(image);
  const box = ink && boundingBox(ink);
  if (!ink || !box) return null;
  const scale = INK_BOX / Math.max(box.right - box.left, box.bottom - box.top);
  const width = Math.max(roundHalfEven((box.right - box.left) * scale), 1);
  const height = Math.max(roundHalfEven((box.bottom - box.top) * scale), 1);
  const digit = resize(ink, box, width, height);
  const strongest = digit.pixels.reduce((a, b) => Math.max(a, b), 0);
  if (strongest === 0) return null;
  const factor = WHITE / strongest;
  return centre({ width, height, pixels: digit.pixels.map((level) => roundHalfEven(level * factor)) });
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Tell ink from background, whichever is darker; the background is what the border of the image shows.
 * @param {Grey} image
 * @returns {Grey | null} `null`: there is too little contrast.
 */
function findInk({ width, height, pixels }) {
  const border = [
    ...pixels.subarray(0, width),
    ...pixels.subarray((height - 1) * width),
    ...Array.from({ length: height }, (_, row) => pixels[row * width]),
    ...Array.from({ length: height }, (_, row) => pixels[row * width + width - 1]),
  ];
  const background = median(border);
  let [lowest, highest] = [Infinity, -Infinity];
  for (const level of pixels) {
    lowest = Math.min(lowest, level - background);
    highest = Math.max(highest, level - background);
  }
  const contrast = Math.max(highest, -lowest);
  if (contrast < MIN_CONTRAST) return null;
  const sign = highest === contrast ? 1 : -1;
  const deviation = median(border.map((level) => Math.abs(level - background))) / QUARTILE;
  const noise = Math.min(NOISE_DEVIATIONS * deviation, contrast / 2);
  const factor = WHITE / (contrast - noise);
  const levels = Uint8Array.from(pixels, (level) =>
    roundHalfEven(Math.max(Math.max(sign * (level - background), 0) - noise, 0) * factor),
  );
  return { width, height, pixels: levels };
}

/**
 * The box around the strokes of a digit, specks left out.
 * @param {Grey} ink
 * @returns {Box | null} `null`: there are only specks.
 */
function boundingBox(ink) {
  const strokes = labelStrokes(ink);
  if (strokes.length === 0) return null;
  const largest = strokes.reduce((best, stroke) => (stroke.count > best.count ? stroke : best));
  const { box } = largest;
  if (Math.max(box.right - box.left, box.bottom - box.top) < MIN_STROKE) return null;
  const boxes = strokes.filter((stroke) => stroke.count >= MIN_PART * largest.count).map((stroke) => stroke.box);
  return {
    left: Math.min(...boxes.map((each) => each.left)),
    top: Math.min(...boxes.map((each) => each.top)),
    right: Math.max(...boxes.map((each) => each.right)),
    bottom: Math.max(...boxes.map((each) => each.bottom)),
  };
}

/**
 * Find what hangs together, corners included.
 * @param {Grey} ink
 * @returns {{count: number, box: Box}[]} In the order of their first pixels.
 */
function labelStrokes({ width, height, pixels }) {
  const seen = new Uint8Array(pixels.length);
  const strokes = [];
  for (let start = 0; start < pixels.length; start++) {
    if (seen[start] || pixels[start] <= INK_THRESHOLD) continue;
    const stroke = { count: 0, box: { left: width, top: height, right: 0, bottom: 0 } };
    const waiting = [start];
    seen[start] = 1;
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const [row, column] = [Math.floor(place / width), place % width];
      stroke.count++;
      stroke.box.left = Math.min(stroke.box.left, column);
      stroke.box.right = Math.max(stroke.box.right, column + 1);
      stroke.box.top = Math.min(stroke.box.top, row);
      stroke.box.bottom = Math.max(stroke.box.bottom, row + 1);
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
        for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
          const next = y * width + x;
          if (seen[next] || pixels[next] <= INK_THRESHOLD) continue;
          seen[next] = 1;
          waiting.push(next);
        }
      }
    }
    strokes.push(stroke);
  }
  return strokes;
}

/**
 * Put a digit into MNIST's field so that its centre of mass is in the middle, or as near as all of it is inside.
 * @param {Grey} digit Not larger than the field.
 * @returns {Uint8Array} 28 x 28
 */
function centre({ width, height, pixels }) {
  let [mass, rows, columns] = [0, 0, 0];
  pixels.forEach((level, place) => {
    mass += level;
    rows += level * Math.floor(place / width);
    columns += level * (place % width);
  });
  const top = Math.min(Math.max(roundHalfEven(FIELD / 2 - rows / mass), 0), FIELD - height);
  const left = Math.min(Math.max(roundHalfEven(FIELD / 2 - columns / mass), 0), FIELD - width);
  const field = new Uint8Array(FIELD * FIELD);
  for (let row = 0; row < height; row++) {
    field.set(pixels.subarray(row * width, (row + 1) * width), (top + row) * FIELD + left);
  }
  return field;
}

/**
 * Move a digit of MNIST's form, and bring it to numbers from 0 to 1. It is turned and scaled about the middle of the
 * image, between pixels linearly; what leaves the image is lost, and zeros move in.
 * @param {Uint8Array} digit 28 x 28
 * @param {Move} move
 * @returns {Float32Array} 28 x 28
 */
export function moveDigit(digit, move) {
  const angle = (move.angle * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle) / move.scale, Math.sin(angle) / move.scale];
  const middle = (FIELD - 1) / 2;
  const moved = new Float32Array(FIELD * FIELD);
  for (let row = 0; row < FIELD; row++) {
    for (let column = 0; column < FIELD; column++) {
      const [down, right] = [row - middle - move.y, column - middle - move.x];
      const value = between(digit, middle - sine * right + cosine * down, middle + cosine * right + sine * down);
      moved[row * FIELD + column] = value / WHITE;
    }
  }
  return moved;
}

/**
 * @param {Uint8Array} digit 28 x 28
 * @param {number} y Row, which may lie between two.
 * @param {number} x
 */
function between(digit, y, x) {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - row, x - column];
  const upper = at(digit, row, column) * (1 - right) + at(digit, row, column + 1) * right;
  const lower = at(digit, row + 1, column) * (1 - right) + at(digit, row + 1, column + 1) * right;
  return upper * (1 - down) + lower * down;
}

/**
 * @param {Uint8Array} digit 28 x 28
 * @param {number} row
 * @param {number} column
 */
function at(digit, row, column) {
  const inside = row >= 0 && row < FIELD && column >= 0 && column < FIELD;
  return inside ? digit[row * FIELD + column] : 0;
}
