import { isDark } from "../dom.js";

/** @typedef {[number, number, number]} Colour Red, green and blue, 0 to 255. */

// As in the project's figures (Matplotlib's PuOr): orange is positive and purple negative, which the colour-blind can tell
// apart.
/** @type {Record<"light" | "dark", {zero: Colour, positive: Colour, negative: Colour}>} */
const SHADES = {
  light: { zero: [255, 255, 255], positive: [190, 94, 4], negative: [94, 60, 153] },
  dark: { zero: [26, 30, 36], positive: [255, 166, 77], negative: [176, 148, 245] },
};

/**
 * The colour of a number that may be negative.
 * @param {number} value
 * @param {number} limit The absolute value whose colour is the strongest.
 * @returns {Colour}
 */
export function shadeSigned(value, limit) {
  const { zero, positive, negative } = SHADES[isDark() ? "dark" : "light"];
  const share = limit > 0 ? Math.min(Math.abs(value) / limit, 1) : 0;
  const strongest = value < 0 ? negative : positive;
  return /** @type {Colour} */ (zero.map((level, index) => Math.round(level + (strongest[index] - level) * share)));
}

/** @param {Colour} colour */
export function cssColour([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/**
 * Black or white, whichever reads better on a colour.
 * @param {Colour} colour
 */
export function textOn(colour) {
  const [red, green, blue] = colour.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff"; // relative luminance, WCAG
}

/**
 * Draw numbers that may be negative into a canvas, one canvas pixel each.
 * @param {HTMLCanvasElement} canvas Gets the size of the image.
 * @param {ArrayLike<number>} values
 * @param {{width: number, height: number, limit: number}} options
 */
export function drawSigned(canvas, values, { width, height, limit }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    image.data.set([...shadeSigned(values[index], limit), 255], 4 * index);
  }
  context.putImageData(image, 0, 0);
}

/** @param {ArrayLike<number>} values */
export function greatestAbsolute(values) {
  let greatest = 0;
  for (let index = 0; index < values.length; index++) greatest = Math.max(greatest, Math.abs(values[index]));
  return greatest;
}

/**
 * Write a number with as few digits as it needs, and with a true minus sign.
 * @param {number} value
 * @param {number} [digits] After the point, at most.
 */
export function writeNumber(value, digits = 2) {
  const text = String(Number(value.toFixed(digits)));
  return (text === "-0" ? "0" : text).replace("-", "−");
}

/**
 * A colour of the page's style sheet.
 * @param {string} name As --accent.
 */
export function styleColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
