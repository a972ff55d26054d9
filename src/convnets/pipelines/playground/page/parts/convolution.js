import { element } from "../dom.js";
import { FIELD } from "../engine/digit.js";
import { CONVOLUTION_STRINGS } from "../strings/convolution.js";
import { CONV_DILATIONS, CONV_POOL_SIZES, CONV_STRIDES, createControls, listLearned } from "./convolution_controls.js";
import { clampPlace, computeScene, followPlace, makePattern, parseKernel, PATTERNS, resizeKernel } from "./convolution_model.js";
import { createPlayer } from "./convolution_player.js";
import { createStage } from "./convolution_stage.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {import("./convolution_model.js").Kernel} Kernel */
/** @typedef {import("./convolution_model.js").Scene} Scene */
/** @typedef {import("./convolution_drawing.js").Place} Place */

const DIGIT_IMAGE = "digit";
const TYPED = "typed";
const FIRST_PLACE = { row: 12, column: 16 }; // where many digits have ink

/** @type {Record<string, import("../state.js").Field>} */
export const CONVOLUTION_FIELDS = {
  convImage: { value: DIGIT_IMAGE, allowed: [DIGIT_IMAGE, ...Object.keys(PATTERNS)] },
  convKernel: { value: "" }, // preset:NAME, typed, or learned:NETWORK; else the first preset
  convTyped: { value: "" }, // the numbers, row by row, with commas between them
  convFilter: { value: 0, min: 0, max: 4095 }, // of those that a network has learned
  convPadding: { value: "valid", allowed: ["valid", "same", "circular"] },
  convStride: { value: 1, allowed: CONV_STRIDES },
  convDilation: { value: 1, allowed: CONV_DILATIONS },
  convPooling: { value: "none", allowed: ["none", "max", "average", "blur"] },
  convPool: { value: 2, allowed: CONV_POOL_SIZES },
  convSpeed: { value: "medium", allowed: ["slow", "medium", "fast"] },
  convRow: { value: FIRST_PLACE.row, min: 0, max: FIELD - 1 }, // of the response map
  convColumn: { value: FIRST_PLACE.column, min: 0, max: FIELD - 1 },
};

/**
 * How convolution works.
 * @param {HTMLElement} root An empty section.
 * @param {Context} context
 */
export function mountConvolution(root, context) {
  const kernels = createKernels(context, refresh);
  /** @type {Scene | null} */
  let scene = null;

  /** @returns {Place} */
  const place = () => ({
    row: clampPlace(Math.floor(context.state().convRow), scene ? scene.count : 1),
    column: clampPlace(Math.floor(context.state().convColumn), scene ? scene.count : 1),
  });

  /** @param {import("../state.js").State} patch */
  function change(patch) {
    const [before, from] = [scene, place()];
    context.setState(patch);
    if (!before || !scene || scene === before || before.count === 0) return;
    if (before.image.side === scene.image.side && before.count === scene.count) return;
    const [row, column] = [followPlace(before, scene, from.row), followPlace(before, scene, from.column)];
    context.setState({ convRow: row, convColumn: column });
  }

  function compute() {
    const state = context.state();
    const image =
      state.convImage === DIGIT_IMAGE ? { side: FIELD, values: context.image() } : makePattern(state.convImage);
    return computeScene(image, kernels.current(), {
      padding: state.convPadding,
      stride: state.convStride,
      dilation: state.convDilation,
      pooling: state.convPooling,
      poolSize: state.convPool,
    });
  }

  function refresh() {
    scene = compute();
    controls.update(context.state(), kernels.source(), scene.kernel.size);
    stage.update(scene, place());
    player.update();
  }

  const type = (/** @type {number[]} */ values) => change({ convKernel: TYPED, convTyped: values.map(shorten).join(",") });
  const move = (/** @type {Place} */ to) => context.setState({ convRow: to.row, convColumn: to.column });
  const controls = createControls(context, change, (size) => {
    const kernel = kernels.current();
    type(resizeKernel(kernel, size ?? kernel.size));
  });
  const player = createPlayer(root, context, { count: () => (scene ? scene.count : 0), place, move });
  const stage = createStage(type, (to) => player.goTo(to));
  root.append(
    element("p", { class: "explanation", text: CONVOLUTION_STRINGS.text }),
    controls.root,
    player.root,
    stage.root,
    element("p", { class: "explanation conv-keys", text: CONVOLUTION_STRINGS.keys }),
    stage.said,
  );
  player.onStep((to) => stage.say(to));
  context.subscribe((_, changed) => {
    const names = [...changed];
    const whole = names.some((name) => name === "image" || name === "theme" || CONV_GEOMETRY.has(name));
    if (whole || !scene) refresh();
    else if (names.some((name) => name in CONVOLUTION_FIELDS)) {
      stage.update(scene, place());
      player.update();
    }
  });
}

/** What the scene depends on. */
const CONV_GEOMETRY = new Set(
  Object.keys(CONVOLUTION_FIELDS).filter((name) => !["convRow", "convColumn", "convSpeed"].includes(name)),
);

/** @param {number} value */
function shorten(value) {
  return Number(value.toFixed(4));
}

/**
 * The kernel that the state asks for. What a network has learned is in the Worker and comes later.
 * @param {Context} context
 * @param {() => void} arrived Called when it has come.
 */
function createKernels(context, arrived) {
  const { kernels, networks } = context.page;
  const presets = Object.entries(kernels);
  const learned = listLearned(networks);
  /** @type {Map<string, Record<string, Tensor>>} */
  const weights = new Map();
  /** @type {Set<string>} */
  const asked = new Set();

  /** The kernel's option among the controls. */
  function source() {
    const { convKernel: chosen, convTyped: typed } = context.state();
    if (chosen === TYPED && parseKernel(typed)) return TYPED;
    const known = [...presets.map(([name]) => `preset:${name}`), ...learned.map(({ name }) => `learned:${name}`)];
    return known.includes(chosen) ? chosen : `preset:${presets[0][0]}`;
  }

  /** @param {string} name */
  async function ask(name) {
    if (asked.has(name)) return;
    asked.add(name);
    const layer = /** @type {any} */ (learned.find((each) => each.name === name)).layer.name;
    const answer = await context.compute({ kind: "weights", network: name, layer }, { channel: `convolution ${name}` });
    if (answer) weights.set(name, answer.weights);
    else asked.delete(name);
    arrived();
  }

  /** @returns {Kernel} */
  function current() {
    const [kind, name] = splitSource(source());
    if (kind === TYPED) return squareKernel(/** @type {number[]} */ (parseKernel(context.state().convTyped)));
    if (kind === "preset") return squareKernel(kernels[name].flat());
    const found = weights.get(name);
    if (found) return takeFilter(found, context.state().convFilter);
    ask(name);
    return squareKernel(presets[0][1].flat().map(() => 0));
  }

  return { source, current };
}

/** @param {string} source */
function splitSource(source) {
  const colon = source.indexOf(":");
  return colon < 0 ? [source, ""] : [source.slice(0, colon), source.slice(colon + 1)];
}

/**
 * @param {number[]} values
 * @param {number} [bias]
 * @returns {Kernel}
 */
function squareKernel(values, bias = 0) {
  return { size: Math.sqrt(values.length), values, bias };
}

/**
 * @param {Record<string, Tensor>} weights Of a convolution layer that sees one channel.
 * @param {number} number Of the filter; beyond the last one, the last.
 */
function takeFilter({ kernel, bias }, number) {
  const filters = kernel.shape[3];
  const filter = clampPlace(number, filters);
  const values = Array.from({ length: kernel.data.length / filters }, (_, index) => kernel.data[index * filters + filter]);
  return squareKernel(values, bias ? bias.data[filter] : 0);
}
