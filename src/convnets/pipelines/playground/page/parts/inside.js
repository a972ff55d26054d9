import { element } from "../dom.js";
import { argmax } from "../engine/tensor.js";
import { INSIDE_STRINGS } from "../strings/inside.js";
import { fill } from "../strings/page.js";
import { createDetail, strongestSpot } from "./inside_detail.js";
import { findReceptiveField } from "./inside_field.js";
import { createStrip } from "./inside_strips.js";
import { explainValue } from "./inside_terms.js";
import { createWeights } from "./inside_weights.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("../context.js").NetworkFacts} NetworkFacts */
/** @typedef {import("../context.js").Layer} Layer */
/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {import("./inside_terms.js").Outputs} Outputs */
/** @typedef {import("./inside_terms.js").Spot} Spot */

const MOST = 100_000; // of maps, units, rows: more than any network on the page has
const WITH_WEIGHTS = ["Conv2D", "Dense"]; // types of layers whose sums are shown

/** @type {Record<string, import("../state.js").Field>} */
export const INSIDE_FIELDS = {
  insideNetwork: { value: "" }, // else the first one that has maps
  insideLayer: { value: "" }, // else the second convolution
  insideMap: { value: -1, min: -1, max: MOST }, // -1: the map with the strongest value
  insideRow: { value: -1, min: -1, max: MOST }, // -1: of the strongest value
  insideColumn: { value: -1, min: -1, max: MOST },
};

/**
 * Inside the network.
 * @param {HTMLElement} root An empty section.
 * @param {Context} context
 */
export function mountInside(root, context) {
  const strips = element("div", { class: "inside-layers" });
  const details = element("div", { class: "inside-side" });
  const choose = (/** @type {string} */ layer, /** @type {number} */ index) =>
    context.setState({ insideLayer: layer, insideMap: index, insideRow: -1, insideColumn: -1 });
  const detail = createDetail((spot) =>
    context.setState({ insideRow: spot ? spot.row : -1, insideColumn: spot ? spot.column : -1 }),
  );
  const weights = createWeights(choose);
  const weightsOf = createWeightStore(context, () => showChosen());
  const networks = createNetworkChoice(context);
  details.append(detail.root, weights.root);
  root.append(
    element("div", { class: "inside-head" }, [
      element("p", { class: "explanation", text: INSIDE_STRINGS.text }),
      networks.root,
    ]),
    element("div", { class: "inside-stage" }, [strips, details]),
  );
  /** @type {{name: string, strips: Map<string, import("./inside_strips.js").Strip>} | null} */
  let built = null;
  /** @type {{network: string, outputs: Outputs} | null} */
  let answered = null;
  /** @type {any[]} What the strips show. */
  let drawn = [];

  function build() {
    const network = chosenNetwork(context);
    networks.update(network.name);
    if (built?.name === network.name) return;
    const shown = network.layers.filter((layer) => layer.type !== "InputLayer");
    const last = shown[shown.length - 1];
    const all = shown.map((layer) => {
      const classNames = layer === last ? context.page.classNames : null;
      return /** @type {const} */ ([layer.name, createStrip(layer, classNames, (index) => choose(layer.name, index))]);
    });
    built = { name: network.name, strips: new Map(all) };
    strips.replaceChildren(...all.map(([, strip]) => strip.root));
    delete root.dataset.shown;
  }

  async function run() {
    const network = chosenNetwork(context);
    const image = context.image();
    const answer = await context.compute(
      { kind: "run", network: network.name, image, layers: true },
      { channel: "inside", priority: 1 },
    );
    if (!answer || network !== chosenNetwork(context)) return;
    answered = { network: network.name, outputs: new Map(answer.layers.map(({ name, tensor }) => [name, tensor])) };
    showChosen();
    root.dataset.shown = network.name;
  }

  /**
   * Draw all strips, if they are not shown as they are to be.
   * @param {Outputs} outputs
   * @param {string} chosen Layer.
   * @param {number} index Of its map or unit.
   */
  function drawStrips(outputs, chosen, index) {
    const now = [outputs, chosen, index, document.documentElement.dataset.theme, built?.name];
    if (now.every((each, place) => each === drawn[place])) return;
    drawn = now;
    for (const [name, strip] of built?.strips ?? []) {
      strip.draw(/** @type {Tensor} */ (outputs.get(name)), name === chosen ? index : -1);
      strip.root.classList.toggle("chosen", name === chosen);
    }
  }

  function showChosen() {
    const network = chosenNetwork(context);
    if (!answered || answered.network !== network.name || built?.name !== network.name) return;
    const { outputs } = answered;
    const { layer, index, spot, pointed } = chosenValue(context, network, outputs);
    drawStrips(outputs, layer.name, index);
    const output = /** @type {Tensor} */ (outputs.get(layer.name));
    detail.showMap(nameValue(context, network, layer, index), output, index, { spot, pointed });
    detail.showField(context.image(), findReceptiveField(network.layers, layer.name, fieldOf(network, layer, index, spot)));
    const known = WITH_WEIGHTS.includes(layer.type) ? weightsOf(network.name, layer.name) : undefined;
    const waiting = WITH_WEIGHTS.includes(layer.type) && !known;
    weights.root.classList.toggle("waiting", waiting); // else those of another layer would stand below this one's name
    if (waiting) return;
    const value = output.data[output.shape.length === 3 ? (spot.row * output.shape[1] + spot.column) * output.shape[2] + index : index];
    weights.update(layer, explainValue(network.layers, outputs, layer, known, index, spot), value);
  }

  context.subscribe((_, changed) => {
    const names = [...changed];
    build();
    if (changed.has("image") || changed.has("insideNetwork")) run();
    else if (changed.has("theme") || names.some((name) => name in INSIDE_FIELDS)) showChosen();
  });
}

/**
 * @param {Context} context
 * @returns {NetworkFacts}
 */
function chosenNetwork(context) {
  const { networks } = context.page;
  const { insideNetwork } = context.state();
  const withMaps = networks.find(({ layers }) => layers.some((layer) => layer.type === "Conv2D"));
  return networks.find(({ name }) => name === insideNetwork) ?? withMaps ?? networks[0];
}

/**
 * The value that is chosen, or, of what is not chosen, the strongest.
 * @param {Context} context
 * @param {NetworkFacts} network
 * @param {Outputs} outputs
 * @returns {{layer: Layer, index: number, spot: Spot, pointed: boolean}} `pointed`: not the strongest of its map.
 */
function chosenValue(context, network, outputs) {
  const { insideLayer, insideMap, insideRow, insideColumn } = context.state();
  const layers = network.layers.filter((layer) => layer.type !== "InputLayer");
  const convolutions = layers.filter((layer) => layer.type === "Conv2D");
  const layer = layers.find(({ name }) => name === insideLayer) ?? convolutions[1] ?? convolutions[0] ?? layers[0];
  const output = /** @type {Tensor} */ (outputs.get(layer.name));
  const depth = output.shape[output.shape.length - 1];
  const index = Number.isInteger(insideMap) && insideMap >= 0 && insideMap < depth ? insideMap : argmax(output.data) % depth;
  if (output.shape.length !== 3) return { layer, index, spot: { row: 0, column: 0 }, pointed: false };
  const [height, width] = output.shape;
  const inside = insideRow >= 0 && insideColumn >= 0 && insideRow < height && insideColumn < width;
  const pointed = inside && Number.isInteger(insideRow) && Number.isInteger(insideColumn);
  return { layer, index, spot: pointed ? { row: insideRow, column: insideColumn } : strongestSpot(output, index), pointed };
}

/**
 * Where a value lies in its own layer: a number of a flattened layer lies where its map had it.
 * @param {NetworkFacts} network
 * @param {Layer} layer
 * @param {number} index
 * @param {Spot} spot
 * @returns {import("./inside_field.js").Field}
 */
function fieldOf(network, layer, index, spot) {
  const input = network.layers.find(({ name }) => name === layer.inputs[0]);
  if (layer.type !== "Flatten" || input?.shape.length !== 3) {
    return { rows: new Set([spot.row]), columns: new Set([spot.column]) };
  }
  const [, width, depth] = input.shape;
  const place = Math.floor(index / depth);
  return { rows: new Set([Math.floor(place / width)]), columns: new Set([place % width]) };
}

/**
 * @param {Context} context
 * @param {NetworkFacts} network
 * @param {Layer} layer
 * @param {number} index
 */
function nameValue(context, network, layer, index) {
  const last = network.layers[network.layers.length - 1] === layer;
  if (last) return fill(INSIDE_STRINGS.classUnit, { layer: layer.name, name: context.page.classNames[index] });
  return fill(layer.shape.length === 3 ? INSIDE_STRINGS.map : INSIDE_STRINGS.unit, { layer: layer.name, index });
}

/**
 * The weights of layers, which are in the Worker and come when they have been asked for.
 * @param {Context} context
 * @param {() => void} arrived
 */
function createWeightStore(context, arrived) {
  /** @type {Map<string, Record<string, Tensor>>} */
  const known = new Map();
  /** @type {Set<string>} */
  const asked = new Set();

  /**
   * @param {string} key
   * @param {string} network
   * @param {string} layer
   */
  async function ask(key, network, layer) {
    const answer = await context.compute({ kind: "weights", network, layer }, { channel: `inside ${key}`, priority: 1 });
    if (answer) known.set(key, answer.weights);
    arrived();
  }

  /**
   * @param {string} network
   * @param {string} layer
   * @returns {Record<string, Tensor> | undefined}
   */
  return (network, layer) => {
    const key = `${network}/${layer}`;
    if (!asked.has(key)) {
      asked.add(key);
      ask(key, network, layer);
    }
    return known.get(key);
  };
}

/** @param {Context} context */
function createNetworkChoice(context) {
  const { networks } = context.page;
  const buttons = networks.map(({ name, colour }) => {
    const swatch = element("span", { class: "inside-swatch" });
    swatch.style.backgroundColor = colour;
    return element(
      "button",
      { type: "button", "data-choose": name, on: { click: () => context.setState({ insideNetwork: name }) } },
      [swatch, name],
    );
  });
  const root = element("div", { class: "buttons inside-networks", role: "group", "aria-label": INSIDE_STRINGS.network }, buttons);
  /** @param {string} chosen */
  const update = (chosen) =>
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(networks[index].name === chosen)));
  return { root, update };
}
