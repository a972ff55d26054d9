import { addFactor, addProducts, createFactors } from "./products.js";
import { sizeOf, tensor } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */

/**
 * Multiply by a matrix and add the bias.
 * @param {Tensor} input (inputs,)
 * @param {Tensor} kernel (inputs, units)
 * @param {Float32Array | null} bias (units,)
 * @returns {Tensor} (units,)
 */
export function dense(input, kernel, bias) {
  const [inputs, units] = kernel.shape;
  const output = tensor([units]);
  if (bias) output.data.set(bias);
  const factors = createFactors(inputs);
  for (let index = 0; index < inputs; index++) addFactor(factors, input.data[index], index);
  addProducts(factors, kernel.data, output.data);
  return output;
}

/**
 * @param {Tensor} input
 * @returns {Tensor} Negative numbers are 0.
 */
export function relu(input) {
  return tensor(
    input.shape,
    input.data.map((value) => (value > 0 ? value : 0)),
  );
}

/**
 * @param {Tensor} input (classes,)
 * @returns {Tensor} Probabilities.
 */
export function softmax(input) {
  const greatest = input.data.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = Array.from(input.data, (value) => Math.exp(value - greatest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return tensor(
    input.shape,
    Float32Array.from(exponentials, (value) => value / sum),
  );
}

/**
 * Scale and shift each feature map: what batch normalization is, once it has been trained.
 * @param {Tensor} input Its last axis is the feature maps.
 * @param {Float32Array} scale (depth,): gamma / sqrt(variance + epsilon).
 * @param {Float32Array} offset (depth,): beta - mean * scale.
 * @returns {Tensor}
 */
export function normalizeBatch(input, scale, offset) {
  const depth = scale.length;
  return tensor(
    input.shape,
    input.data.map((value, index) => value * scale[index % depth] + offset[index % depth]),
  );
}

/**
 * Cut out a rectangle of feature maps, which may reach beyond them: there, it is zero.
 * @param {Tensor} input (height, width, depth).
 * @param {number} top Row of the rectangle's first row; negative above the input.
 * @param {number} left
 * @param {number} height Of the rectangle.
 * @param {number} width
 * @returns {Tensor}
 */
export function cutOut(input, top, left, height, width) {
  const [rows, columns, depth] = input.shape;
  const output = tensor([height, width, depth]);
  for (let row = Math.max(0, -top); row < Math.min(height, rows - top); row++) {
    const first = Math.max(0, -left);
    const count = Math.min(width, columns - left) - first;
    if (count <= 0) continue;
    const source = ((row + top) * columns + first + left) * depth;
    output.data.set(input.data.subarray(source, source + count * depth), (row * width + first) * depth);
  }
  return output;
}

/**
 * Put feature maps below each other (axis 0) or beside each other (axis 1).
 * @param {Tensor[]} inputs (height, width, depth) each.
 * @param {number} axis
 * @returns {Tensor}
 */
export function concatenate(inputs, axis) {
  const outer = sizeOf(inputs[0].shape.slice(0, axis));
  const shape = inputs[0].shape.slice();
  shape[axis] = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
  const output = tensor(shape);
  let target = 0;
  for (let index = 0; index < outer; index++) {
    for (const input of inputs) {
      const count = input.data.length / outer;
      output.data.set(input.data.subarray(index * count, (index + 1) * count), target);
      target += count;
    }
  }
  return output;
}

/**
 * Put the axes into another order.
 * @param {Tensor} input
 * @param {number[]} order Of the input's axes, from 0.
 * @returns {Tensor}
 */
export function permute(input, order) {
  const strides = input.shape.map((_, axis) => sizeOf(input.shape.slice(axis + 1)));
  const shape = order.map((axis) => input.shape[axis]);
  const output = tensor(shape);
  const place = shape.map(() => 0);
  for (let index = 0; index < output.data.length; index++) {
    output.data[index] = input.data[order.reduce((sum, axis, to) => sum + strides[axis] * place[to], 0)];
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis] === shape[axis]; axis--) place[axis] = 0;
  }
  return output;
}
