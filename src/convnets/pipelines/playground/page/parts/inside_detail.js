import { element, isDark } from "../dom.js";
import { FIELD } from "../engine/digit.js";
import { argmax } from "../engine/tensor.js";
import { INSIDE_STRINGS } from "../strings/inside.js";
import { fill } from "../strings/page.js";
import { cssColour, greatestAbsolute, shadeSigned, styleColour, writeNumber } from "./convolution_shades.js";
import { hasNegative, takeMap } from "./inside_strips.js";

/** @typedef {import("../context.js").Layer} Layer */
/** @typedef {import("../engine/tensor.js").Tensor} Tensor */
/** @typedef {import("./inside_field.js").Field} Field */
/** @typedef {import("./inside_terms.js").Spot} Spot */

const DETAIL_SIDE = 560; // canvas pixels, about
const OUTSIDE = 0.72; // how much of what is outside of the receptive field is covered

/**
 * The enlarged map, and the digit with the receptive field of one of its values.
 * @param {(spot: Spot | null) => void} point Called with a value that is pointed at; `null`: the strongest one again.
 */
export function createDetail(point) {
  const title = element("h2", { id: "inside-title", "aria-live": "polite" });
  /** @type {HTMLCanvasElement} */
  const map = element("canvas", { id: "inside-map", tabindex: 0, role: "img", "aria-label": INSIDE_STRINGS.enlargedHint });
  /** @type {HTMLCanvasElement} */
  const digit = element("canvas", { id: "inside-digit", role: "img" });
  const value = element("p", { id: "inside-value", "aria-live": "polite" });
  const field = element("p", { id: "inside-field" });
  const mapFrame = element("div", { class: "inside-picture" }, [map, value]);
  const root = element("div", { class: "inside-detail" }, [
    title,
    element("div", { class: "inside-pictures" }, [mapFrame, element("div", { class: "inside-picture" }, [digit, field])]),
  ]);
  let size = { height: 1, width: 1 };
  /** @type {Spot} */
  let spotNow = { row: 0, column: 0 };

  const pointAt = (/** @type {PointerEvent} */ event) => {
    const box = map.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * size.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * size.width);
    if (row < 0 || column < 0 || row >= size.height || column >= size.width) return;
    if (row !== spotNow.row || column !== spotNow.column) point({ row, column });
  };
  map.addEventListener("pointermove", pointAt);
  map.addEventListener("pointerdown", pointAt);
  map.addEventListener("keydown", (event) => {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    if (event.key === "Home" || event.key === "Escape") point(null);
    else if (step) {
      const within = (/** @type {number} */ place, /** @type {number} */ count) => Math.min(Math.max(place, 0), count - 1);
      point({ row: within(spotNow.row + step[0], size.height), column: within(spotNow.column + step[1], size.width) });
    } else return;
    event.preventDefault();
  });

  /**
   * @param {string} heading What is chosen.
   * @param {Tensor} output Of the layer.
   * @param {number} index Of the map or unit.
   * @param {{spot: Spot, pointed: boolean}} where
   */
  function showMap(heading, output, index, { spot, pointed }) {
    title.textContent = heading;
    const isMap = output.shape.length === 3;
    root.classList.toggle("single", !isMap);
    map.hidden = !isMap;
    if (!isMap) {
      value.textContent = fill(INSIDE_STRINGS.value, { value: writeNumber(output.data[index], 3) });
      return;
    }
    const [height, width] = output.shape;
    size = { height, width };
    spotNow = spot;
    const values = takeMap(output, index);
    drawEnlarged(map, values, size, hasNegative(output));
    outlineField(map, { rows: new Set([spot.row]), columns: new Set([spot.column]) }, height);
    value.textContent = fill(pointed ? INSIDE_STRINGS.enlarged : INSIDE_STRINGS.strongest, {
      value: writeNumber(values[spot.row * width + spot.column], 3),
      ...spot,
    });
  }

  /**
   * @param {ArrayLike<number>} image 28 x 28
   * @param {Field | null} seen `null`: all of it.
   */
  function showField(image, seen) {
    drawEnlarged(digit, image, { height: FIELD, width: FIELD }, false, 1);
    const all = new Set(Array(FIELD).keys());
    const found = seen ?? { rows: all, columns: all };
    coverOutside(digit, found);
    outlineField(digit, found, FIELD);
    const sizes = { height: found.rows.size, width: found.columns.size };
    const whole = sizes.height === FIELD && sizes.width === FIELD;
    field.textContent = fill(INSIDE_STRINGS.field, sizes) + (whole ? `. ${INSIDE_STRINGS.whole}` : "");
    digit.setAttribute("aria-label", fill(INSIDE_STRINGS.pixels, sizes));
  }

  return { root, showMap, showField };
}

/**
 * The place of the greatest value of a map; if it has negative ones only, too.
 * @param {Tensor} output (height, width, depth).
 * @param {number} index
 * @returns {Spot}
 */
export function strongestSpot(output, index) {
  const place = argmax(takeMap(output, index));
  return { row: Math.floor(place / output.shape[1]), column: place % output.shape[1] };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {{height: number, width: number}} size
 * @param {boolean} signed
 * @param {number} [limit] The value that is full ink; without it, the greatest.
 */
function drawEnlarged(canvas, values, { height, width }, signed, limit = greatestAbsolute(values)) {
  const unit = Math.floor(DETAIL_SIDE / Math.max(height, width));
  canvas.width = unit * width;
  canvas.height = unit * height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const dark = isDark();
  for (let index = 0; index < width * height; index++) {
    const share = limit > 0 ? Math.min(Math.max(values[index] / limit, 0), 1) : 0;
    const level = Math.round(255 * (dark ? share : 1 - share));
    context.fillStyle = cssColour(signed ? shadeSigned(values[index], limit) : [level, level, level]);
    context.fillRect((index % width) * unit, Math.floor(index / width) * unit, unit, unit);
  }
}

/**
 * @param {HTMLCanvasElement} canvas Of the digit.
 * @param {Field} field
 */
function coverOutside(canvas, { rows, columns }) {
  const unit = canvas.width / FIELD;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = styleColour("--line");
  context.globalAlpha = OUTSIDE;
  for (let row = 0; row < FIELD; row++) {
    for (let column = 0; column < FIELD; column++) {
      if (!rows.has(row) || !columns.has(column)) context.fillRect(column * unit, row * unit, unit, unit);
    }
  }
  context.globalAlpha = 1;
}

/**
 * Frame rows and columns: more than one frame where they wrap around the edge.
 * @param {HTMLCanvasElement} canvas
 * @param {Field} field
 * @param {number} height Of what the canvas shows, in squares.
 */
function outlineField(canvas, { rows, columns }, height) {
  const unit = canvas.height / height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  for (const [colour, width] of /** @type {[string, number][]} */ ([["--paper", 12], ["--accent", 6]])) {
    context.strokeStyle = styleColour(colour);
    context.lineWidth = width;
    for (const [top, tall] of listRuns(rows)) {
      for (const [left, wide] of listRuns(columns)) {
        context.strokeRect(left * unit, top * unit, wide * unit, tall * unit);
      }
    }
  }
}

/**
 * @param {Set<number>} places
 * @returns {[number, number][]} Where neighbours begin, and how many they are.
 */
function listRuns(places) {
  /** @type {[number, number][]} */
  const runs = [];
  for (const place of [...places].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && last[0] + last[1] === place) last[1]++;
    else runs.push([place, 1]);
  }
  return runs;
}
