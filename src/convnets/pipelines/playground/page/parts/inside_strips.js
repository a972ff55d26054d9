import { drawGrey, element } from "../dom.js";
import { INSIDE_STRINGS } from "../strings/inside.js";
import { fill } from "../strings/page.js";
import { drawSigned, greatestAbsolute, styleColour, writeNumber } from "./convolution_shades.js";

/** @typedef {import("../context.js").Layer} Layer */
/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {{layer: string, index: number}} Choice A map or unit. */
/** @typedef {{root: HTMLElement, draw: (output: Tensor, chosen: number) => void}} Strip */

const FEW_UNITS = 20; // which each get a button
const STRIP_RATIO = 4; // of a strip's width to its height
const FLAT_RATIO = 28; // where it only repeats the maps before it
const STRIP_UNIT = 8; // canvas pixels

/**
 * The outputs of one layer: a button for each map, or a strip of units.
 * @param {Layer} layer
 * @param {string[] | null} classNames Of the last layer.
 * @param {(index: number) => void} choose
 * @returns {Strip}
 */
export function createStrip(layer, classNames, choose) {
  const { name, shape } = layer;
  const title = element("h2", { text: fill(INSIDE_STRINGS.shape, { name, shape: shape.join(" × ") }) });
  const strip =
    shape.length === 3
      ? createMapButtons(shape, choose)
      : shape[0] <= FEW_UNITS
        ? createUnitButtons(shape[0], classNames, choose)
        : createUnitStrip(layer, choose);
  const root = element("div", { class: "inside-layer", "data-layer": name }, [title, strip.root]);
  return { root, draw: strip.draw };
}

/**
 * Draw a map: what a relu lets through in grey, what may be negative in two colours.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {{width: number, height: number, limit: number, signed: boolean}} options
 */
function drawValuesOf(canvas, values, { width, height, limit, signed }) {
  if (signed) drawSigned(canvas, values, { width, height, limit });
  else drawGrey(canvas, values, { width, height, to: limit || 1 });
}

/**
 * One map of an output.
 * @param {Tensor} output (height, width, depth).
 * @param {number} index
 */
export function takeMap({ shape, data }, index) {
  const depth = shape[2];
  const map = new Float32Array(shape[0] * shape[1]);
  for (let place = 0; place < map.length; place++) map[place] = data[place * depth + index];
  return map;
}

/** @param {Tensor} output */
export function hasNegative({ data }) {
  return data.some((value) => value < 0);
}

/**
 * Buttons of which one is in the order of the tab key; arrow keys go to the others.
 * @param {HTMLButtonElement[]} buttons
 * @param {(index: number) => void} choose
 */
function connectButtons(buttons, choose) {
  buttons.forEach((button, index) => {
    button.tabIndex = index === 0 ? 0 : -1;
    button.addEventListener("click", () => choose(index));
    button.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const step = steps[/** @type {keyof typeof steps} */ (event.key)];
      const next = step && buttons[index + step];
      if (!next) return;
      event.preventDefault();
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
}

/**
 * Bring a button into sight where its row does not fit the screen, and leave the page where it is.
 * @param {HTMLElement} row
 * @param {HTMLElement} button
 */
function scrollSideways(row, button) {
  const [outer, inner] = [row.getBoundingClientRect(), button.getBoundingClientRect()];
  if (inner.left < outer.left || inner.right > outer.right) row.scrollLeft += inner.left - (outer.left + outer.right) / 2;
}

/**
 * @param {number[]} shape (height, width, depth).
 * @param {(index: number) => void} choose
 * @returns {Strip}
 */
function createMapButtons([height, width, depth], choose) {
  const canvases = Array.from({ length: depth }, () => element("canvas"));
  const buttons = canvases.map((canvas) => element("button", { type: "button" }, [canvas]));
  connectButtons(buttons, choose);
  const root = element("div", { class: "inside-maps", role: "group" }, buttons);
  root.style.setProperty("--side", `${Math.max(18, Math.min(30, 14 + width * 0.65))}px`);
  let chosenBefore = -1;
  return {
    root,
    draw: (output, chosen) => {
      if (chosen >= 0 && chosen !== chosenBefore) scrollSideways(root, buttons[chosen]);
      chosenBefore = chosen;
      const limit = greatestAbsolute(output.data);
      const signed = hasNegative(output);
      canvases.forEach((canvas, index) => {
        const values = takeMap(output, index);
        drawValuesOf(canvas, values, { width, height, limit, signed });
        const value = writeNumber(values.reduce((a, b) => Math.max(a, b), -Infinity));
        buttons[index].setAttribute("aria-label", fill(INSIDE_STRINGS.mapLabel, { index, count: depth, value }));
        buttons[index].setAttribute("aria-pressed", String(index === chosen));
      });
    },
  };
}

/**
 * A button with a bar for each of few units.
 * @param {number} count
 * @param {string[] | null} classNames
 * @param {(index: number) => void} choose
 * @returns {Strip}
 */
function createUnitButtons(count, classNames, choose) {
  const names = classNames ?? Array.from({ length: count }, (_, index) => String(index));
  const bars = names.map(() => element("span", { class: "inside-bar" }));
  const buttons = names.map((name, index) =>
    element("button", { type: "button" }, [bars[index], element("span", { text: name })]),
  );
  connectButtons(buttons, choose);
  return {
    root: element("div", { class: "inside-units", role: "group" }, buttons),
    draw: ({ data }, chosen) => {
      const limit = greatestAbsolute(data) || 1;
      buttons.forEach((button, index) => {
        const value = writeNumber(data[index], 3);
        bars[index].style.setProperty("--share", `${Math.max(data[index], 0) / limit}`);
        button.setAttribute("aria-label", fill(INSIDE_STRINGS.classLabel, { name: names[index], value }));
        button.setAttribute("aria-pressed", String(index === chosen));
      });
    },
  };
}

/**
 * Many units as one picture, which behaves as a slider for the keyboard.
 * @param {Layer} layer
 * @param {(index: number) => void} choose
 * @returns {Strip}
 */
function createUnitStrip({ name, type, shape: [count] }, choose) {
  const columns = Math.ceil(Math.sqrt(count * (type === "Flatten" ? FLAT_RATIO : STRIP_RATIO)));
  const rows = Math.ceil(count / columns);
  let chosenNow = 0;
  /** @type {HTMLCanvasElement} */
  const canvas = element("canvas", {
    class: "inside-vector",
    tabindex: 0,
    role: "slider",
    width: columns * STRIP_UNIT,
    height: rows * STRIP_UNIT,
    "aria-label": fill(INSIDE_STRINGS.units, { layer: name, count }),
    "aria-valuemin": 0,
    "aria-valuemax": count - 1,
  });
  canvas.addEventListener("pointerdown", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const index = Math.floor(((event.clientY - box.top) / box.height) * rows) * columns + column;
    if (index >= 0 && index < count) choose(index);
  });
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Enter: 0 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step === undefined) return;
    event.preventDefault();
    choose(Math.min(Math.max(Math.max(chosenNow, 0) + step, 0), count - 1));
  });
  const draw = (/** @type {Tensor} */ output, /** @type {number} */ chosen) => {
    chosenNow = chosen;
    const small = element("canvas");
    const padded = Array.from({ length: rows * columns }, (_, index) => output.data[index] ?? 0);
    const limit = greatestAbsolute(output.data);
    drawValuesOf(small, padded, { width: columns, height: rows, limit, signed: hasNegative(output) });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, columns * STRIP_UNIT, rows * STRIP_UNIT);
    canvas.setAttribute("aria-valuenow", String(Math.max(chosen, 0)));
    if (chosen < 0) return;
    const value = writeNumber(output.data[chosen]);
    canvas.setAttribute("aria-valuetext", fill(INSIDE_STRINGS.unitValue, { index: chosen, value }));
    context.strokeStyle = styleColour("--accent");
    context.lineWidth = 3;
    const [x, y] = [(chosen % columns) * STRIP_UNIT, Math.floor(chosen / columns) * STRIP_UNIT];
    context.strokeRect(x - 1, y - 1, STRIP_UNIT + 2, STRIP_UNIT + 2);
  };
  return { root: element("div", {}, [canvas]), draw };
}
