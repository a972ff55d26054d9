import { convolve2d, layWindows, pixelAt } from "../engine/convolution.js";
import { blurPool2d, pool2d } from "../engine/pooling.js";
import { tensor } from "../engine/tensor.js";

/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {import("../engine/convolution.js").Padding} Padding */
/** @typedef {{side: number, values: Float32Array}} SquareImage Row by row. */
/** @typedef {{size: number, values: number[], bias: number}} Kernel Row by row. */
/** @typedef {"none" | "max" | "average" | "blur"} Pooling */
/** @typedef {{padding: Padding, stride: number, dilation: number, pooling: Pooling, poolSize: number}} Options */
/**
 * A convolution and all that comes of it.
 * @typedef {object} Scene
 * @property {SquareImage} image
 * @property {Kernel} kernel
 * @property {Options} options
 * @property {number} span Of the window, in pixels: with the gaps that dilation makes.
 * @property {number} before Rows and columns of padding above and to the left.
 * @property {number} after Below and to the right.
 * @property {number} count Height and width of the response map.
 * @property {Tensor} map (count, count, 1).
 * @property {Tensor | null} pooled (pooled count, pooled count, 1).
 * @property {number} poolSpan How many rows of the map a row of the pooled map sees.
 */
/** @typedef {{row: number, column: number, value: number, weight: number, product: number}} Term Of a sum: a pixel. */

const PATTERN_SIDE = 14; // pixels: half of a digit's, so that its pixels are larger
const PATTERN_MIDDLE = PATTERN_SIDE / 2;
const BLUR_REACH = 2; // pixels that the blur adds to the window of the maximum

/** @type {Record<string, (row: number, column: number) => boolean>} Which pixels are ink. */
export const PATTERNS = {
  vertical: (_, column) => column === PATTERN_MIDDLE,
  horizontal: (row) => row === PATTERN_MIDDLE,
  diagonal: (row, column) => row === column,
  checkerboard: (row, column) => (row + column) % 2 === 0,
  dot: (row, column) => row === PATTERN_MIDDLE && column === PATTERN_MIDDLE,
};

/**
 * @param {string} name Of a pattern.
 * @returns {SquareImage}
 */
export function makePattern(name) {
  const values = Float32Array.from({ length: PATTERN_SIDE ** 2 }, (_, index) =>
    Number(PATTERNS[name](Math.floor(index / PATTERN_SIDE), index % PATTERN_SIDE)),
  );
  return { side: PATTERN_SIDE, values };
}

/**
 * Read a kernel as the state holds it: 9 or 25 numbers with commas between them.
 * @param {string} text
 * @returns {number[] | null} `null`: it is none.
 */
export function parseKernel(text) {
  const values = text.split(",").map(Number);
  const square = Number.isInteger(Math.sqrt(values.length)) && values.length > 1;
  return square && values.length <= 49 && values.every(Number.isFinite) ? values : null;
}

/**
 * Give a kernel another size: cut off what is outside, or put zeros around it.
 * @param {Kernel} kernel
 * @param {number} size
 * @returns {number[]}
 */
export function resizeKernel(kernel, size) {
  const shift = Math.floor((kernel.size - size) / 2);
  return Array.from({ length: size * size }, (_, index) => {
    const [row, column] = [Math.floor(index / size) + shift, (index % size) + shift];
    const inside = row >= 0 && column >= 0 && row < kernel.size && column < kernel.size;
    return inside ? kernel.values[row * kernel.size + column] : 0;
  });
}

/**
 * Convolve and pool, by the functions that the networks run on.
 * @param {SquareImage} image
 * @param {Kernel} kernel
 * @param {Options} options
 * @returns {Scene}
 */
export function computeScene(image, kernel, options) {
  const { padding, stride, dilation, pooling, poolSize } = options;
  const windows = layWindows(image.side, kernel.size, padding, stride, dilation);
  const map = convolve2d(
    tensor([image.side, image.side, 1], image.values),
    tensor([kernel.size, kernel.size, 1, 1], Float32Array.from(kernel.values)),
    { bias: Float32Array.of(kernel.bias), padding, stride, dilation },
  );
  const poolSpan = pooling === "blur" ? poolSize + BLUR_REACH : poolSize;
  return {
    image,
    kernel,
    options,
    span: dilation * (kernel.size - 1) + 1,
    before: windows.before,
    after: windows.after,
    count: map.shape[0],
    map,
    pooled: pooling === "none" ? null : poolMap(map, pooling, poolSize),
    poolSpan,
  };
}

/**
 * @param {Tensor} map
 * @param {"max" | "average" | "blur"} pooling
 * @param {number} size
 */
function poolMap(map, pooling, size) {
  return pooling === "blur" ? blurPool2d(map, size) : pool2d(map, pooling, { size });
}

/**
 * What is multiplied and added at one place.
 * @param {Scene} scene
 * @param {number} row Of the response map.
 * @param {number} column
 * @returns {Term[]} By row and column of the kernel; `row` and `column` count from the first pixel of the image.
 */
export function listTerms(scene, row, column) {
  const { image, kernel, options, before } = scene;
  const { padding, stride, dilation } = options;
  return kernel.values.map((weight, index) => {
    const y = row * stride - before + Math.floor(index / kernel.size) * dilation;
    const x = column * stride - before + (index % kernel.size) * dilation;
    const value = readPixel(image, y, x, padding);
    return { row: y, column: x, value, weight, product: value * weight };
  });
}

/**
 * A pixel of the padded image.
 * @param {SquareImage} image
 * @param {number} row Counted from the first pixel of the image: negative above it.
 * @param {number} column
 * @param {Padding} padding
 */
export function readPixel(image, row, column, padding) {
  const [y, x] = [pixelAt(row, image.side, padding), pixelAt(column, image.side, padding)];
  return y < 0 || x < 0 ? 0 : image.values[y * image.side + x];
}

/**
 * The size of the output by the formula, which does not look at the output.
 * Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
 * @param {number} size Of the input, in pixels.
 * @param {number} span Of the window, in pixels.
 * @param {Padding} padding
 * @param {number} stride
 */
export function sizeByFormula(size, span, padding, stride) {
  return padding === "valid" ? Math.floor((size - span) / stride) + 1 : Math.ceil(size / stride);
}

/**
 * Of the pooled map, what is complete once the response map has grown so far.
 * @param {Scene} scene
 * @param {number} grown How many numbers of the response map there are, row by row.
 * @returns {{row: number, column: number}[]} In the order in which they are completed.
 */
export function listPooled(scene, grown) {
  const side = scene.pooled ? scene.pooled.shape[0] : 0;
  const last = (/** @type {number} */ place) => place * scene.options.poolSize + scene.poolSpan - 1;
  return Array.from({ length: side * side }, (_, index) => ({ row: Math.floor(index / side), column: index % side })).filter(
    ({ row, column }) => last(row) * scene.count + last(column) < grown,
  );
}

/**
 * The place of the response map whose window lies nearest to that of another scene, where the geometry has changed.
 * @param {Scene} from
 * @param {Scene} to
 * @param {number} place A row or column of the response map of `from`.
 */
export function followPlace(from, to, place) {
  const centre = (place * from.options.stride - from.before + from.span / 2) / from.image.side;
  const found = Math.round((centre * to.image.side + to.before - to.span / 2) / to.options.stride);
  return clampPlace(found, to.count);
}

/**
 * @param {number} place
 * @param {number} count
 */
export function clampPlace(place, count) {
  return Math.max(Math.min(place, count - 1), 0);
}
