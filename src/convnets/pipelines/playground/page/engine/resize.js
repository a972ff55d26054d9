/** @typedef {import("./digit.js").Grey} Grey */
/**
 * Which pixels of a line make one pixel of the resized line, and with which weights.
 * @typedef {{first: number, weights: Int32Array}} Mix
 */

const LOBES = 3; // of the Lanczos kernel, on each side
const PRECISION_BITS = 22; // of the weights, which are whole numbers

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** @param {number} x */
function lanczos(x) {
  return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

/**
 * @param {number} size Of the line, in pixels.
 * @param {number} start Of the part that is resized.
 * @param {number} end Of that part.
 * @param {number} count How many pixels that part becomes.
 * @returns {Mix[]}
 */
function mixesOf(size, start, end, count) {
  const scale = (end - start) / count;
  const filterScale = Math.max(scale, 1);
  const support = LOBES * filterScale;
  return Array.from({ length: count }, (_, index) => {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), size);
    const inverse = 1 / filterScale;
    const raw = Array.from({ length: last - first }, (_, place) => lanczos((place + first - centre + 0.5) * inverse));
    const sum = raw.reduce((a, b) => a + b, 0);
    const weights = raw.map((weight) => {
      const normalized = (sum === 0 ? weight : weight / sum) * (1 << PRECISION_BITS);
      return Math.trunc(normalized + (weight / sum < 0 ? -0.5 : 0.5));
    });
    return { first, weights: Int32Array.from(weights) };
  });
}

/**
 * @param {Uint8Array} pixels
 * @param {number} start Of the first pixel of a line.
 * @param {number} step To the next pixel of the line.
 * @param {Mix} mix
 */
function mixed(pixels, start, step, mix) {
  let sum = 1 << (PRECISION_BITS - 1);
  mix.weights.forEach((weight, place) => (sum += pixels[start + (mix.first + place) * step] * weight));
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
}

/**
 * Resize a part of an image with Lanczos's filter, bit for bit as Pillow does: first along rows, then along columns,
 * in whole numbers, rounded in between. (Pillow begins with the columns where an image is more than about twice as high
 * as wide: a drawing is square.)
 * Source: Pillow, src/libImaging/Resample.c.
 * @param {Grey} image
 * @param {{left: number, top: number, right: number, bottom: number}} box The part, in whole pixels.
 * @param {number} width Of the result, in pixels.
 * @param {number} height
 * @returns {Grey}
 */
export function resize(image, box, width, height) {
  let current = image;
  if (width !== image.width || box.left !== 0 || box.right !== width) {
    const mixes = mixesOf(image.width, box.left, box.right, width);
    const pixels = new Uint8Array(width * image.height);
    for (let row = 0; row < image.height; row++) {
      mixes.forEach((mix, column) => (pixels[row * width + column] = mixed(image.pixels, row * image.width, 1, mix)));
    }
    current = { width, height: image.height, pixels };
  }
  if (height !== image.height || box.top !== 0 || box.bottom !== height) {
    const mixes = mixesOf(image.height, box.top, box.bottom, height);
    const pixels = new Uint8Array(width * height);
    for (let column = 0; column < width; column++) {
      mixes.forEach((mix, row) => (pixels[row * width + column] = mixed(current.pixels, column, width, mix)));
    }
    current = { width, height, pixels };
  }
  return current;
}
