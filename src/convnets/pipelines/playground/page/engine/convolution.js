import { addFactor, addProducts, createFactors } from "./products.js";
import { tensor } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {"valid" | "same" | "circular"} Padding */
/**
 * Where windows lie along one axis.
 * @typedef {{count: number, before: number, after: number}} Windows
 *   `count`: how many there are, which is the size of the output; `before`, `after`: pixels of padding.
 */

/**
 * Lay windows along one axis. `valid`: floor((size - span) / stride) + 1 of them, where a window spans
 * dilation * (kernelSize - 1) + 1 pixels; `same` and `circular`: ceil(size / stride), with TensorFlow's padding: the
 * odd pixel comes after.
 * Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
 * @param {number} size Of the input, in pixels.
 * @param {number} kernelSize
 * @param {Padding} padding
 * @param {number} stride
 * @param {number} [dilation]
 * @returns {Windows} `count` is 0 where no window fits.
 */
export function layWindows(size, kernelSize, padding, stride, dilation = 1) {
  const span = dilation * (kernelSize - 1) + 1;
  if (padding === "valid") {
    return { count: Math.max(Math.floor((size - span) / stride) + 1, 0), before: 0, after: 0 };
  }
  const count = Math.ceil(size / stride);
  const missing = Math.max((count - 1) * stride + span - size, 0);
  const before = Math.floor(missing / 2);
  return { count, before, after: missing - before };
}

/**
 * Which pixel of the input a place in the padded image shows.
 * @param {number} place Counted from the first pixel of the image: negative before it.
 * @param {number} size Of the image.
 * @param {Padding} padding
 * @returns {number} Its index, or -1: zeros.
 */
export function pixelAt(place, size, padding) {
  if (place >= 0 && place < size) return place;
  return padding === "circular" ? ((place % size) + size) % size : -1;
}

/**
 * Convolve feature maps, as `Conv2D` does (it is a cross-correlation: the kernel is not flipped). At each place the
 * patch of the input, all of its channels in a row, is multiplied by the kernel as a matrix.
 * @param {Tensor} input (height, width, depth).
 * @param {Tensor} kernel (kernel height, kernel width, depth, filters).
 * @param {{bias?: Float32Array | null, padding?: Padding, stride?: number, dilation?: number}} [options]
 * @returns {Tensor} (output height, output width, filters).
 */
export function convolve2d(input, kernel, options = {}) {
  const { bias = null, padding = "valid", stride = 1, dilation = 1 } = options;
  const [height, width, depth] = input.shape;
  const [kernelHeight, kernelWidth, , filters] = kernel.shape;
  const rows = layWindows(height, kernelHeight, padding, stride, dilation);
  const columns = layWindows(width, kernelWidth, padding, stride, dilation);
  const output = tensor([rows.count, columns.count, filters]);
  const patch = createFactors(kernelHeight * kernelWidth * depth);
  for (let row = 0; row < rows.count; row++) {
    for (let column = 0; column < columns.count; column++) {
      patch.count = 0;
      for (let y = 0; y < kernelHeight; y++) {
        const inputRow = pixelAt(row * stride - rows.before + y * dilation, height, padding);
        for (let x = 0; x < kernelWidth; x++) {
          const inputColumn = pixelAt(column * stride - columns.before + x * dilation, width, padding);
          if (inputRow < 0 || inputColumn < 0) continue;
          const source = (inputRow * width + inputColumn) * depth;
          const weight = (y * kernelWidth + x) * depth;
          for (let channel = 0; channel < depth; channel++) {
            addFactor(patch, input.data[source + channel], weight + channel);
          }
        }
      }
      const target = (row * columns.count + column) * filters;
      const sums = output.data.subarray(target, target + filters);
      if (bias) sums.set(bias);
      addProducts(patch, kernel.data, sums);
    }
  }
  return output;
}
