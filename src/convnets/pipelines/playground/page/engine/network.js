import { convolve2d } from "./convolution.js";
import { concatenate, cutOut, dense, normalizeBatch, permute, relu, softmax } from "./layers.js";
import { pool2d, poolGlobally } from "./pooling.js";
import { sizeOf, tensor } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/**
 * Numbers as Python writes them: base64 of little-endian numbers of 16 or 32 bits.
 * @typedef {{shape: number[], type: "float16" | "float32", data: string}} PackedTensor
 */
/**
 * A layer as Python describes it: the class name of Keras, and what of its configuration is needed to run it.
 * @typedef {object} Layer
 * @property {string} name
 * @property {string} type
 * @property {string[]} inputs Names of layers.
 * @property {number[]} shape Of its output, without the axis of samples.
 * @property {Record<string, any>} options
 * @property {Record<string, PackedTensor>} [weights]
 * @property {Layer[]} [layers] Of a layer that is made of others: their last one's output is its own.
 */
/** @typedef {Omit<Layer, "weights" | "layers"> & {weights: Record<string, Tensor>, layers: ReadyLayer[]}} ReadyLayer */
/** @typedef {{name: string, shape: number[], layers: ReadyLayer[]}} Network */
/** @typedef {{name: string, tensor: Tensor}} Activation */

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * @param {string} text Padded base64.
 * @returns {Uint8Array}
 */
export function decodeBase64(text) {
  const values = new Uint8Array(128);
  for (let index = 0; index < 64; index++) values[BASE64.charCodeAt(index)] = index;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let index = 0, target = 0; index < text.length; index += 4) {
    let bits = 0;
    for (let place = 0; place < 4; place++) bits = (bits << 6) | values[text.charCodeAt(index + place)];
    bytes[target++] = bits >> 16;
    if (target < bytes.length) bytes[target++] = bits >> 8;
    if (target < bytes.length) bytes[target++] = bits;
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} Padded base64.
 */
export function encodeBase64(bytes) {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const bits = (bytes[index] << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let place = 0; place < 4; place++) {
      text += index + place > bytes.length ? "=" : BASE64[(bits >> (18 - 6 * place)) & 63];
    }
  }
  return text;
}

/**
 * @param {number} bits Of a number of 16 bits, IEEE 754.
 * @returns {number}
 */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : (sign * fraction) / 2 ** 24;
}

/**
 * @param {PackedTensor} packed
 * @returns {Tensor}
 */
export function unpack(packed) {
  const bytes = decodeBase64(packed.data);
  const data = new Float32Array(sizeOf(packed.shape));
  const view = new DataView(bytes.buffer);
  if (packed.type === "float32") {
    for (let index = 0; index < data.length; index++) data[index] = view.getFloat32(4 * index, true);
  } else {
    const numbers = new Float32Array(65536);
    for (let bits = 0; bits < 65536; bits++) numbers[bits] = halfToNumber(bits);
    for (let index = 0; index < data.length; index++) data[index] = numbers[view.getUint16(2 * index, true)];
  }
  return tensor(packed.shape, data);
}

/**
 * Decode a network's weights.
 * @param {{name: string, shape: number[], layers: Layer[]}} packed
 * @returns {Network}
 */
export function unpackNetwork(packed) {
  return { ...packed, layers: packed.layers.map(unpackLayer) };
}

/**
 * @param {Layer} layer
 * @returns {ReadyLayer}
 */
function unpackLayer(layer) {
  const weights = Object.entries(layer.weights ?? {}).map(([name, packed]) => [name, unpack(packed)]);
  return { ...layer, weights: Object.fromEntries(weights), layers: (layer.layers ?? []).map(unpackLayer) };
}

/**
 * Run a network on one image.
 * @param {Network} network
 * @param {Float32Array} image As many numbers from 0 to 1 as the network takes.
 * @returns {Activation[]} The output of each layer, first to last: the last one's are the probabilities.
 */
export function runNetwork(network, image) {
  return runLayers(network.layers, tensor(network.shape, image));
}

/**
 * @param {ReadyLayer[]} layers In an order in which each comes after its inputs.
 * @param {Tensor} input
 * @returns {Activation[]}
 */
function runLayers(layers, input) {
  /** @type {Map<string, Tensor>} */
  const outputs = new Map();
  for (const layer of layers) {
    const inputs = layer.inputs.map((name) => /** @type {Tensor} */ (outputs.get(name)));
    outputs.set(layer.name, layer.type === "InputLayer" ? input : runLayer(layer, inputs));
  }
  return Array.from(outputs, ([name, output]) => ({ name, tensor: output }));
}

/**
 * What each type of layer does. Python asks for these names: a network with another type of layer is refused.
 * @type {Record<string, (layer: ReadyLayer, inputs: Tensor[]) => Tensor>}
 */
export const LAYERS = {
  Functional: (layer, [input]) => runLayers(layer.layers, input)[layer.layers.length - 1].tensor,
  Conv2D: (layer, [input]) => {
    const { kernel, bias } = layer.weights;
    const { padding, stride, dilation } = layer.options;
    return activate(convolve2d(input, kernel, { bias: bias?.data, padding, stride, dilation }), layer);
  },
  Dense: (layer, [input]) => activate(dense(input, layer.weights.kernel, layer.weights.bias?.data ?? null), layer),
  Activation: (layer, [input]) => activate(input, layer),
  MaxPooling2D: (layer, [input]) => pool2d(input, "max", /** @type {any} */ (layer.options)),
  AveragePooling2D: (layer, [input]) => pool2d(input, "average", /** @type {any} */ (layer.options)),
  GlobalMaxPooling2D: (_, [input]) => poolGlobally(input, "max"),
  GlobalAveragePooling2D: (_, [input]) => poolGlobally(input, "average"),
  BatchNormalization: (layer, [input]) => normalizeBatch(input, layer.weights.scale.data, layer.weights.offset.data),
  Flatten: (layer, [input]) => tensor(layer.shape, input.data),
  Reshape: (layer, [input]) => tensor(layer.shape, input.data),
  Permute: (layer, [input]) => permute(input, layer.options.order),
  ZeroPadding2D: (layer, [input]) => cutOut(input, -layer.options.top, -layer.options.left, layer.shape[0], layer.shape[1]),
  Cropping2D: (layer, [input]) => cutOut(input, layer.options.top, layer.options.left, layer.shape[0], layer.shape[1]),
  Concatenate: (layer, inputs) => concatenate(inputs, layer.options.axis),
  Dropout: (_, [input]) => input, // drops nothing once a network has been trained
};

/**
 * @param {ReadyLayer} layer
 * @param {Tensor[]} inputs
 */
function runLayer(layer, inputs) {
  return LAYERS[layer.type](layer, inputs);
}

/** @type {Record<string, (input: Tensor) => Tensor>} */
const ACTIVATIONS = { linear: (input) => input, relu, softmax };

/**
 * @param {Tensor} output
 * @param {ReadyLayer} layer
 */
function activate(output, layer) {
  return ACTIVATIONS[layer.options.activation](output);
}
