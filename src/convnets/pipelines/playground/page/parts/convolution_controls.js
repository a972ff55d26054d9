import { element } from "../dom.js";
import { CONVOLUTION_STRINGS } from "../strings/convolution.js";
import { fill } from "../strings/page.js";
import { PATTERNS } from "./convolution_model.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("../context.js").NetworkFacts} NetworkFacts */
/** @typedef {import("../state.js").State} State */

export const CONV_STRIDES = [1, 2, 3, 4];
export const CONV_DILATIONS = [1, 2, 3];
export const CONV_POOL_SIZES = [2, 3, 4];
const CONV_KERNEL_SIZES = [3, 5];

/**
 * The networks whose first convolution sees the image, and no other channels made of it, and that layer.
 * @param {NetworkFacts[]} networks
 * @returns {{name: string, layer: import("../context.js").Layer}[]}
 */
export function listLearned(networks) {
  return networks.flatMap(({ name, layers }) => {
    const layer = layers.find((each) => each.type === "Conv2D");
    const input = layer && layers.find((each) => each.name === layer.inputs[0]);
    return layer && input?.shape[2] === 1 ? [{ name, layer }] : [];
  });
}

/**
 * @param {Context} context
 * @param {(patch: State) => void} change Sets what concerns the convolution.
 * @param {(size?: number) => void} retype Makes the kernel a typed one, of another size if one is given.
 */
export function createControls(context, change, retype) {
  const strings = CONVOLUTION_STRINGS;
  const learned = listLearned(context.page.networks);
  /** @type {Record<string, HTMLSelectElement>} */
  const selects = {};
  /** @type {Record<string, HTMLElement>} */
  const labels = {};
  /**
   * @param {string} key Of the state.
   * @param {string} text
   * @param {Node[]} options
   * @param {(value: string) => void} [choose]
   */
  const choice = (key, text, options, choose = (value) => change({ [key]: value })) => {
    selects[key] = element("select", { id: key, on: { change: () => choose(selects[key].value) } }, options);
    labels[key] = element("label", { class: "conv-control" }, [element("span", { text }), selects[key]]);
    return labels[key];
  };
  const named = (/** @type {Record<string, string>} */ names) => Object.entries(names).map(([value, text]) => makeOption(value, text));
  const numbers = (/** @type {number[]} */ values, unit = (/** @type {number} */ value) => String(value)) =>
    values.map((value) => makeOption(String(value), unit(value)));
  const number = (/** @type {string} */ key) => (/** @type {string} */ value) => change({ [key]: Number(value) });
  const square = (/** @type {number} */ value) => `${value} × ${value}`;
  const root = element("div", { class: "conv-controls" }, [
    choice("convImage", strings.image, named(pickEntries(strings.images, ["digit", ...Object.keys(PATTERNS)]))),
    choice("convKernel", strings.kernel, kernelOptions(context, learned), (value) =>
      value === "typed" ? retype() : change({ convKernel: value }),
    ),
    choice("convFilter", strings.filter, [], number("convFilter")),
    choice("convSize", strings.size, numbers(CONV_KERNEL_SIZES, square), (value) => retype(Number(value))),
    choice("convPadding", strings.padding, named(strings.paddings)),
    choice("convStride", strings.stride, numbers(CONV_STRIDES), number("convStride")),
    choice("convDilation", strings.dilation, numbers(CONV_DILATIONS), number("convDilation")),
    choice("convPooling", strings.pooling, named(strings.poolings)),
    choice("convPool", strings.poolSize, numbers(CONV_POOL_SIZES, square), number("convPool")),
  ]);

  /**
   * @param {State} state
   * @param {string} source Of the kernel: an option's value.
   * @param {number} size Of the kernel.
   */
  function update(state, source, size) {
    const layer = learned.find(({ name }) => source === `learned:${name}`)?.layer;
    const filters = layer ? layer.shape[2] : 0;
    if (selects.convFilter.options.length !== filters) {
      selects.convFilter.replaceChildren(...numbers([...Array(filters).keys()]));
    }
    labels.convFilter.hidden = !layer;
    labels.convSize.hidden = Boolean(layer);
    labels.convPool.hidden = state.convPooling === "none";
    for (const [key, select] of Object.entries(selects)) select.value = String(state[key]);
    selects.convFilter.value = String(Math.min(state.convFilter, filters - 1));
    selects.convKernel.value = source;
    selects.convSize.value = String(size);
  }

  return { root, update };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof listLearned>} learned
 */
function kernelOptions(context, learned) {
  const presets = Object.keys(context.page.kernels).map((name) => makeOption(`preset:${name}`, name));
  const networks = learned.map(({ name }) => makeOption(`learned:${name}`, fill(CONVOLUTION_STRINGS.learned, { network: name })));
  return [...presets, makeOption("typed", CONVOLUTION_STRINGS.typed), ...networks];
}

/**
 * @param {string} value
 * @param {string} text
 */
function makeOption(value, text) {
  return element("option", { value, text });
}

/**
 * @param {Record<string, string>} names
 * @param {string[]} keys
 */
function pickEntries(names, keys) {
  return Object.fromEntries(keys.map((key) => [key, names[key]]));
}
