import { layWindows } from "../engine/convolution.js";

/** @typedef {import("../context.js").Layer} Layer */
/** @typedef {{rows: Set<number>, columns: Set<number>}} Field Rows and columns of a map: those that a value depends on. */

const BLOCKS = "space_to_depth"; // the name of a layer that makes blocks of pixels into channels

/**
 * The receptive field of a value: the rows and columns of the image that it depends on. It is found by going back from
 * layer to layer, so that padding, strides and maps that wrap around are all in it.
 * @param {Layer[]} layers In an order in which each comes after its inputs.
 * @param {string} name Of the layer of the value.
 * @param {Field} field Its rows and columns there.
 * @returns {Field | null} Of the image; `null`: all of it, as for a layer that sees no maps.
 */
export function findReceptiveField(layers, name, field) {
  /** @type {Map<string, Field>} */
  const needed = new Map([[name, field]]);
  for (const layer of [...layers].reverse()) {
    const wanted = needed.get(layer.name);
    if (!wanted) continue;
    if (layer.type === "InputLayer") return wanted;
    const inputs = layer.inputs.map((each) => /** @type {Layer} */ (layers.find((other) => other.name === each)));
    if (inputs.some((input) => input.shape.length !== 3)) return null;
    const sources = stepBack(layer, inputs, wanted);
    inputs.forEach((input, index) => addField(needed, input.name, sources[index]));
  }
  return null;
}

/**
 * @param {Map<string, Field>} needed
 * @param {string} name
 * @param {Field} field
 */
function addField(needed, name, field) {
  const known = needed.get(name) ?? { rows: new Set(), columns: new Set() };
  needed.set(name, {
    rows: new Set([...known.rows, ...field.rows]),
    columns: new Set([...known.columns, ...field.columns]),
  });
}

/**
 * What a layer's inputs must give for rows and columns of its output.
 * @param {Layer} layer
 * @param {Layer[]} inputs
 * @param {Field} field
 * @returns {Field[]} Of each input.
 */
function stepBack(layer, inputs, field) {
  const { options, shape } = layer;
  const [{ shape: from }] = inputs;
  if (shape.length !== 3 && layer.type !== "Flatten") return [wholeField(from)];
  const both = (/** @type {(places: Set<number>, axis: number) => Set<number>} */ back) => [
    { rows: back(field.rows, 0), columns: back(field.columns, 1) },
  ];
  switch (layer.type) {
    case "Conv2D":
    case "MaxPooling2D":
    case "AveragePooling2D":
      return both((places, axis) => seenBy(places, from[axis], options));
    case "ZeroPadding2D":
      return both((places, axis) => shiftPlaces(places, axis ? -options.left : -options.top, from[axis]));
    case "Cropping2D":
      return both((places, axis) => shiftPlaces(places, axis ? options.left : options.top, from[axis]));
    case "Concatenate":
      return splitField(field, inputs, options.axis);
    case "Functional": {
      if (layer.name.startsWith(BLOCKS)) return both((places, axis) => spreadPlaces(places, from[axis] / shape[axis]));
      const inner = /** @type {Layer[]} */ (layer.layers);
      return [findReceptiveField(inner, inner[inner.length - 1].name, field) ?? wholeField(from)];
    }
    default: // an activation, batch normalization, dropout: value by value
      return [field];
  }
}

/**
 * @param {Set<number>} places Of a layer's output, along one axis.
 * @param {number} size Of its input.
 * @param {any} options `size` of the window, `stride`, `padding`, and `dilation` of a convolution.
 */
function seenBy(places, size, { size: window, stride, padding, dilation = 1 }) {
  const { before } = layWindows(size, window, padding, stride, dilation);
  const seen = new Set();
  for (const place of places) {
    for (let offset = 0; offset < window; offset++) seen.add(place * stride - before + offset * dilation);
  }
  return shiftPlaces(seen, 0, size);
}

/**
 * @param {Set<number>} places
 * @param {number} shift
 * @param {number} size What lies outside is padding, and depends on nothing.
 */
function shiftPlaces(places, shift, size) {
  return new Set([...places].map((place) => place + shift).filter((place) => place >= 0 && place < size));
}

/**
 * @param {Set<number>} places
 * @param {number} times Pixels of which each place is made.
 */
function spreadPlaces(places, times) {
  return new Set([...places].flatMap((place) => Array.from({ length: times }, (_, offset) => place * times + offset)));
}

/**
 * @param {Field} field
 * @param {Layer[]} inputs Which lie one after the other along an axis.
 * @param {number} axis
 * @returns {Field[]}
 */
function splitField(field, inputs, axis) {
  let first = 0;
  return inputs.map(({ shape }) => {
    const own = shiftPlaces(axis ? field.columns : field.rows, -first, shape[axis]);
    first += shape[axis];
    if (own.size === 0) return { rows: new Set(), columns: new Set() };
    return axis ? { rows: field.rows, columns: own } : { rows: own, columns: field.columns };
  });
}

/** @param {number[]} shape */
function wholeField([height, width]) {
  return { rows: new Set(Array(height).keys()), columns: new Set(Array(width).keys()) };
}
