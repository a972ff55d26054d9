import { layWindows, pixelAt } from "../engine/convolution.js";
import { FIELD } from "../engine/digit.js";

/** @typedef {import("../context.js").Layer} Layer */
/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {{row: number, column: number}} Spot Of a map. */
/** @typedef {Map<string, Tensor>} Outputs Of each layer, by its name. */
/**
 * A part of the sum that made a value: the weights of one map or unit of the layer before.
 * @typedef {object} Entry
 * @property {number} index Of the map or unit.
 * @property {number} height Of the weights.
 * @property {number} width
 * @property {Float32Array} weights Row by row.
 * @property {number} contribution What it adds to the value, before the activation.
 */
/**
 * How a value came about.
 * @typedef {object} Explanation
 * @property {"filter" | "pixels" | "units" | "copy" | "vector"} kind `copy` and `vector`: without weights.
 * @property {string} source The layer whose maps or units the entries are; empty: the image.
 * @property {number} index Of `copy`: which map of the source it is made of.
 * @property {Entry[]} entries What adds most, positive or negative, comes first.
 * @property {number} bias
 * @property {number} total Bias and contributions together.
 */

/**
 * @param {Layer[]} layers Of a network.
 * @param {Outputs} outputs For the current image.
 * @param {Layer} layer Of the value.
 * @param {Record<string, Tensor> | undefined} weights Of the layer.
 * @param {number} index Of the map or unit.
 * @param {Spot} spot In the map.
 * @returns {Explanation}
 */
export function explainValue(layers, outputs, layer, weights, index, spot) {
  const before = skipDropout(layers, layer.inputs[0]);
  const input = /** @type {Tensor} */ (outputs.get(before.name));
  const source = before.type === "InputLayer" ? "" : before.name;
  const bias = weights?.bias ? weights.bias.data[index] : 0;
  if (layer.type === "Conv2D" && weights) {
    const entries = weighFilter(layer, input, weights.kernel, index, spot);
    return sumUp("filter", source, entries, bias);
  }
  if (layer.type === "Dense" && weights) {
    const maps = before.type === "Flatten" ? skipDropout(layers, before.inputs[0]) : null;
    if (maps && maps.shape.length === 3) {
      return sumUp("filter", maps.name, weighMaps(input, weights.kernel, index, maps.shape), bias);
    }
    const pixels = before.type === "InputLayer" && input.data.length === FIELD * FIELD;
    const shape = pixels ? [FIELD, FIELD, 1] : [1, 1, input.data.length];
    return sumUp(pixels ? "pixels" : "units", source, weighMaps(input, weights.kernel, index, shape), bias);
  }
  const sameMaps = before.shape.length === 3 && before.shape[2] === (layer.shape[2] ?? layer.shape[0]);
  const found = layer.type === "Flatten" ? index % (before.shape[2] ?? 1) : index;
  const kind = sameMaps || layer.type === "Flatten" ? "copy" : "vector";
  return { kind, source, index: found, entries: [], bias: 0, total: 0 };
}

/**
 * The layer of a name, or the one before it where it drops nothing any more.
 * @param {Layer[]} layers
 * @param {string} name
 * @returns {Layer}
 */
function skipDropout(layers, name) {
  const layer = /** @type {Layer} */ (layers.find((each) => each.name === name));
  return layer.type === "Dropout" ? skipDropout(layers, layer.inputs[0]) : layer;
}

/**
 * @param {"filter" | "pixels" | "units"} kind
 * @param {string} source
 * @param {Entry[]} entries
 * @param {number} bias
 * @returns {Explanation}
 */
function sumUp(kind, source, entries, bias) {
  const total = entries.reduce((sum, entry) => sum + entry.contribution, bias);
  const size = (/** @type {Entry} */ entry) => entry.weights.reduce((sum, weight) => sum + weight * weight, 0);
  const sizes = new Map(entries.map((entry) => [entry, size(entry)]));
  const strength = (/** @type {Entry} */ entry) => Math.abs(entry.contribution);
  entries.sort((a, b) => strength(b) - strength(a) || Number(sizes.get(b)) - Number(sizes.get(a)));
  return { kind, source, index: -1, entries, bias, total };
}

/**
 * The kernels of a filter, one for each map of the input, and what each adds at one place.
 * @param {Layer} layer
 * @param {Tensor} input (height, width, depth).
 * @param {Tensor} kernel (kernel height, kernel width, depth, filters).
 * @param {number} filter
 * @param {Spot} spot
 * @returns {Entry[]}
 */
function weighFilter(layer, input, kernel, filter, spot) {
  const { padding, stride, dilation } = layer.options;
  const [height, width, depth] = input.shape;
  const [rows, columns, , filters] = kernel.shape;
  const top = spot.row * stride - layWindows(height, rows, padding, stride, dilation).before;
  const left = spot.column * stride - layWindows(width, columns, padding, stride, dilation).before;
  return Array.from({ length: depth }, (_, index) => {
    const weights = new Float32Array(rows * columns);
    let contribution = 0;
    for (let place = 0; place < weights.length; place++) {
      const [y, x] = [Math.floor(place / columns), place % columns];
      weights[place] = kernel.data[(place * depth + index) * filters + filter];
      const [row, column] = [pixelAt(top + y * dilation, height, padding), pixelAt(left + x * dilation, width, padding)];
      if (row >= 0 && column >= 0) contribution += weights[place] * input.data[(row * width + column) * depth + index];
    }
    return { index, height: rows, width: columns, weights, contribution };
  });
}

/**
 * The weights of a unit of a dense layer, by the maps of which its input was made.
 * @param {Tensor} input (inputs,)
 * @param {Tensor} kernel (inputs, units)
 * @param {number} unit
 * @param {number[]} shape (height, width, depth): of the maps.
 * @returns {Entry[]}
 */
function weighMaps(input, kernel, unit, [height, width, depth]) {
  const units = kernel.shape[1];
  return Array.from({ length: depth }, (_, index) => {
    const weights = new Float32Array(height * width);
    let contribution = 0;
    for (let place = 0; place < weights.length; place++) {
      const from = place * depth + index;
      weights[place] = kernel.data[from * units + unit];
      contribution += weights[place] * input.data[from];
    }
    return { index, height, width, weights, contribution };
  });
}
