import { element } from "../dom.js";
import { CONVOLUTION_STRINGS } from "../strings/convolution.js";
import { fill } from "../strings/page.js";
import { cssColour, greatestAbsolute, shadeSigned, textOn, writeNumber } from "./convolution_shades.js";

/** @typedef {import("./convolution_model.js").Scene} Scene */
/** @typedef {import("./convolution_model.js").Term} Term */

/**
 * The window's pixels, the kernel, whose numbers can be typed, the products and their sum.
 * @param {(values: number[]) => void} typed Called with a kernel's numbers when one of them has been changed.
 */
export function createSum(typed) {
  const patch = element("div", { class: "conv-grid", role: "img" });
  const kernel = element("div", { class: "conv-grid", role: "group", "aria-label": CONVOLUTION_STRINGS.kernel });
  const products = element("div", { class: "conv-grid", role: "img" });
  const patchTitle = element("h2");
  const sum = element("output", { id: "conv-sum" });
  const bias = element("span", { class: "conv-bias" });
  const root = element("div", { class: "conv-sum" }, [
    element("div", {}, [patchTitle, patch]),
    element("div", {}, [element("h2", { text: CONVOLUTION_STRINGS.times }), kernel]),
    element("div", {}, [element("h2", { text: CONVOLUTION_STRINGS.products }), products]),
    element("p", { class: "conv-result" }, [`${CONVOLUTION_STRINGS.sum} `, bias, " = ", sum]),
  ]);
  /** @type {Scene["kernel"] | null} */
  let shown = null;

  function changed() {
    if (!shown) return;
    const { values } = shown;
    const fields = /** @type {HTMLInputElement[]} */ ([...kernel.children]);
    const read = values.map((value, index) => readField(fields[index], value));
    if (read.some((value, index) => value !== values[index])) typed(read);
  }

  function left() {
    if (shown) fillFields([...kernel.children], shown.values);
  }

  /**
   * @param {Scene} scene
   * @param {Term[]} terms
   * @param {number} total Number of the response map at this place.
   */
  function update(scene, terms, total) {
    const { size } = scene.kernel;
    patchTitle.textContent = fill(CONVOLUTION_STRINGS.window, { size });
    for (const grid of [patch, kernel, products]) grid.style.setProperty("--columns", String(size));
    root.classList.toggle("large", size > 3);
    if (kernel.children.length !== size * size) kernel.replaceChildren(...makeFields(size, changed, left));
    shown = scene.kernel;
    fillFields([...kernel.children], shown.values);
    const values = terms.map((term) => term.value);
    const multiplied = terms.map((term) => term.product);
    fillCells(patch, values, 1);
    fillCells(products, multiplied, Math.max(greatestAbsolute(shown.values), 1e-9));
    patch.setAttribute("aria-label", `${patchTitle.textContent}: ${values.map((value) => writeNumber(value)).join(", ")}`);
    products.setAttribute("aria-label", multiplied.map((value) => writeNumber(value)).join(", "));
    bias.textContent = shown.bias === 0 ? "" : fill(CONVOLUTION_STRINGS.bias, { bias: writeNumber(shown.bias) });
    sum.textContent = writeNumber(total);
  }

  return { root, update };
}

/**
 * @param {number} size
 * @param {() => void} changed
 * @param {() => void} left
 */
function makeFields(size, changed, left) {
  return Array.from({ length: size * size }, (_, index) => {
    const place = { row: Math.floor(index / size), column: index % size };
    return element("input", {
      type: "number",
      step: "any",
      "aria-label": fill(CONVOLUTION_STRINGS.cell, place),
      on: { input: changed, blur: left },
    });
  });
}

/**
 * What a field says, or what it showed where that is no number or is the same, shortened.
 * @param {HTMLInputElement} field
 * @param {number} value
 */
function readField(field, value) {
  if (field.value.trim() === "" || field.value === fieldText(value)) return value;
  return Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : value;
}

/** @param {number} value */
function fieldText(value) {
  return String(Number(value.toFixed(2)));
}

/**
 * A field that is being typed into is left alone.
 * @param {Element[]} fields
 * @param {number[]} values
 */
function fillFields(fields, values) {
  const limit = greatestAbsolute(values);
  fields.forEach((each, index) => {
    const field = /** @type {HTMLInputElement} */ (each);
    if (field !== document.activeElement) field.value = fieldText(values[index]);
    paintCell(field, values[index], limit);
  });
}

/**
 * @param {HTMLElement} grid
 * @param {number[]} values
 * @param {number} limit
 */
function fillCells(grid, values, limit) {
  if (grid.children.length !== values.length) grid.replaceChildren(...values.map(() => element("span")));
  [...grid.children].forEach((each, index) => {
    const cell = /** @type {HTMLElement} */ (each);
    cell.textContent = writeNumber(values[index]);
    paintCell(cell, values[index], limit);
  });
}

/**
 * @param {HTMLElement} cell
 * @param {number} value
 * @param {number} limit
 */
function paintCell(cell, value, limit) {
  const colour = shadeSigned(value, 1.3 * limit);
  cell.style.backgroundColor = cssColour(colour);
  cell.style.color = textOn(colour);
}
