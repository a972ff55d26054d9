import { layWindows } from "./convolution.js";
import { tensor } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */

/**
 * Take the maximum or the mean of each window of each feature map, as `MaxPooling2D` and `AveragePooling2D` do. What
 * `same` padding adds counts in neither.
 * @param {Tensor} input (height, width, depth).
 * @param {"max" | "average"} kind
 * @param {{size: number, stride?: number, padding?: "valid" | "same"}} options Without a stride, windows do not overlap.
 * @returns {Tensor}
 */
export function pool2d(input, kind, options) {
  const { size, stride = size, padding = "valid" } = options;
  const [height, width, depth] = input.shape;
  const rows = layWindows(height, size, padding, stride);
  const columns = layWindows(width, size, padding, stride);
  const output = tensor([rows.count, columns.count, depth]);
  for (let row = 0; row < rows.count; row++) {
    const top = Math.max(row * stride - rows.before, 0);
    const bottom = Math.min(row * stride - rows.before + size, height);
    for (let column = 0; column < columns.count; column++) {
      const left = Math.max(column * stride - columns.before, 0);
      const right = Math.min(column * stride - columns.before + size, width);
      const target = (row * columns.count + column) * depth;
      poolWindow(input, { top, bottom, left, right }, kind, output.data.subarray(target, target + depth));
    }
  }
  return output;
}

/**
 * @param {Tensor} input
 * @param {{top: number, bottom: number, left: number, right: number}} window The last row and column are excluded.
 * @param {"max" | "average"} kind
 * @param {Float32Array} into One number for each feature map.
 */
function poolWindow(input, window, kind, into) {
  const [, width, depth] = input.shape;
  const pixels = (window.bottom - window.top) * (window.right - window.left);
  into.fill(kind === "max" ? -Infinity : 0);
  for (let y = window.top; y < window.bottom; y++) {
    for (let x = window.left; x < window.right; x++) {
      const source = (y * width + x) * depth;
      for (let channel = 0; channel < depth; channel++) {
        const value = input.data[source + channel];
        if (kind === "average") into[channel] += value / pixels;
        else if (value > into[channel]) into[channel] = value;
      }
    }
  }
}

/**
 * Take the maximum or the mean of each feature map.
 * @param {Tensor} input (height, width, depth).
 * @param {"max" | "average"} kind
 * @returns {Tensor} (depth,)
 */
export function poolGlobally(input, kind) {
  const [height, width, depth] = input.shape;
  const output = tensor([depth]);
  poolWindow(input, { top: 0, bottom: height, left: 0, right: width }, kind, output.data);
  return output;
}

/**
 * Pool without aliasing: the maximum in steps of one pixel, then the binomial filter 1 2 1 in steps of the window.
 * Source: R. Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019.
 * @param {Tensor} input (height, width, depth).
 * @param {number} size Of the windows.
 * @returns {Tensor}
 */
export function blurPool2d(input, size) {
  const greatest = pool2d(input, "max", { size, stride: 1 });
  const average = pool2d(greatest, "average", { size: 2, stride: 1 });
  return pool2d(average, "average", { size: 2, stride: size });
}
