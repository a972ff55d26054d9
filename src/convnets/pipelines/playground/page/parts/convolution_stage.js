import { element } from "../dom.js";
import { CONVOLUTION_STRINGS } from "../strings/convolution.js";
import { fill } from "../strings/page.js";
import { drawConvInput, drawConvMap, drawConvPooled } from "./convolution_drawing.js";
import { clampPlace, listTerms, sizeByFormula } from "./convolution_model.js";
import { writeNumber } from "./convolution_shades.js";
import { createSum } from "./convolution_sum.js";

/** @typedef {import("./convolution_model.js").Scene} Scene */
/** @typedef {import("./convolution_drawing.js").Place} Place */

/**
 * The pictures: the input with the window, the sum, the response map, and what pooling makes of it.
 * @param {(values: number[]) => void} typed Called with the numbers of a kernel.
 * @param {(place: Place) => void} goTo Called with a place that is clicked.
 */
export function createStage(typed, goTo) {
  const strings = CONVOLUTION_STRINGS;
  const input = createPicture("conv-input");
  const map = createPicture("conv-map");
  const pooled = createPicture("conv-pooled");
  const sum = createSum(typed);
  const said = element("p", { class: "unseen", id: "conv-said", "aria-live": "polite" });
  const root = element("div", { class: "conv-stage" }, [
    input.root,
    sum.root,
    element("div", { class: "conv-maps" }, [map.root, pooled.root]),
  ]);
  /** @type {Scene | null} */
  let scene = null;

  followPointer(input.canvas, (x, y) => {
    if (!scene || scene.count === 0) return;
    const { options, span, count } = scene;
    const cells = scene.before + scene.image.side + scene.after;
    const near = (/** @type {number} */ share) => clampPlace(Math.round((share * cells - span / 2) / options.stride), count);
    goTo({ row: near(y), column: near(x) });
  });
  followPointer(map.canvas, (x, y) => {
    const count = scene ? scene.count : 0;
    const at = (/** @type {number} */ share) => clampPlace(Math.floor(share * count), count);
    if (count > 0) goTo({ row: at(y), column: at(x) });
  });

  /**
   * @param {Scene} now
   * @param {Place} place
   */
  function update(now, place) {
    scene = now;
    const { image, options, count } = now;
    const cells = now.before + image.side + now.after;
    root.style.setProperty("--cells", String(Math.max(cells, count)));
    root.classList.toggle("pooling", options.pooling !== "none");
    const some = count > 0;
    drawConvInput(input.canvas, now, some ? place : null);
    input.tell(
      fill(strings.input, { size: image.side }),
      options.padding === "valid" || now.before + now.after === 0 ? [] : [strings.ring[options.padding]],
      fill(strings.inputHint, { ...place }),
    );
    sum.root.hidden = !some;
    map.canvas.hidden = !some;
    map.tell(some ? fill(strings.map, { size: count }) : strings.mapNone, describeMap(now), fill(strings.mapHint, { size: count }));
    if (some) {
      drawConvMap(map.canvas, now, place);
      sum.update(now, listTerms(now, place.row, place.column), now.map.data[place.row * count + place.column]);
    }
    updatePooled(now, place);
  }

  /**
   * @param {Scene} now
   * @param {Place} place
   */
  function updatePooled(now, place) {
    const size = now.pooled ? now.pooled.shape[0] : 0;
    pooled.root.hidden = !now.pooled || now.count === 0;
    pooled.canvas.hidden = size === 0;
    if (pooled.root.hidden) return;
    if (size > 0) drawConvPooled(pooled.canvas, now, place);
    const title = size > 0 ? fill(strings.pooled, { size }) : strings.pooledNone;
    pooled.tell(title, describePooled(now, size), fill(strings.pooledHint, { size }));
  }

  /** @param {Place} place */
  function say({ row, column }) {
    if (!scene || scene.count === 0) return;
    const sumThere = writeNumber(scene.map.data[row * scene.count + column]);
    said.textContent = fill(strings.said, { row, column, sum: sumThere });
  }

  return { root, said, update, say };
}

/** @param {string} id */
function createPicture(id) {
  /** @type {HTMLCanvasElement} */
  const canvas = element("canvas", { id, tabindex: id === "conv-pooled" ? -1 : 0, role: "img" });
  const title = element("h2");
  const notes = element("div", { class: "conv-notes" });
  const root = element("div", { class: "conv-picture" }, [title, canvas, notes]);
  /**
   * @param {string} heading
   * @param {string[]} lines Below the picture.
   * @param {string} label For screen readers.
   */
  function tell(heading, lines, label) {
    title.textContent = heading;
    canvas.setAttribute("aria-label", label);
    if (notes.textContent !== lines.join("")) notes.replaceChildren(...lines.map((text) => element("p", { text })));
  }
  return { root, canvas, tell };
}

/**
 * Tell where a canvas is pressed, and where the pointer moves to while it is pressed.
 * @param {HTMLCanvasElement} canvas
 * @param {(x: number, y: number) => void} point Called with shares of width and height.
 */
function followPointer(canvas, point) {
  let pressed = false;
  const tell = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  canvas.addEventListener("pointerdown", (event) => {
    pressed = true;
    canvas.setPointerCapture(event.pointerId);
    tell(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pressed) tell(event);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pressed = false));
}

/**
 * The size of the response map by the formula, with numbers, and as it is.
 * @param {Scene} scene
 * @returns {string[]} Lines.
 */
function describeMap({ image, kernel, options, span, count }) {
  const strings = CONVOLUTION_STRINGS;
  const { padding, stride, dilation } = options;
  if (count === 0) return [fill(strings.none, { span, size: image.side })];
  const value = sizeByFormula(image.side, span, padding, stride);
  const numbers = { size: image.side, span, stride, value };
  const gaps = fill(strings.span, { dilation, kernel: kernel.size, span });
  const formula =
    padding === "valid"
      ? [strings.validFormula, ...(dilation > 1 ? [gaps] : []), fill(strings.validNumbers, numbers)]
      : [strings.sameFormula, fill(strings.sameNumbers, numbers)];
  return [...formula, fill(strings.computed, { size: count })];
}

/**
 * @param {Scene} scene
 * @param {number} size Of the pooled map.
 * @returns {string[]} Lines.
 */
function describePooled({ options, count, poolSpan }, size) {
  const strings = CONVOLUTION_STRINGS;
  if (size === 0) return [fill(strings.poolNone, { span: poolSpan, size: count })];
  const numbers = { size: count, span: poolSpan, stride: options.poolSize };
  const value = sizeByFormula(count, poolSpan, "valid", options.poolSize);
  const window = fill(strings.blurWindow, { size: options.poolSize, span: poolSpan });
  return [
    strings.poolFormula,
    ...(options.pooling === "blur" ? [window] : []),
    fill(strings.poolNumbers, { ...numbers, value }),
    fill(strings.computed, { size }),
  ];
}
