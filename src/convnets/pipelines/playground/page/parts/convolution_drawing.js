import { isDark } from "../dom.js";
import { listPooled, listTerms, readPixel } from "./convolution_model.js";
import { cssColour, greatestAbsolute, shadeSigned, styleColour } from "./convolution_shades.js";

/** @typedef {import("./convolution_model.js").Scene} Scene */
/** @typedef {{row: number, column: number}} Place Of the response map. */
/** @typedef {{context: CanvasRenderingContext2D, unit: number}} Board A canvas of squares, `unit` canvas pixels each. */

const BOARD_SIDE = 600; // canvas pixels, about: as sharp as screens are
const BOARD_RING = 0.22; // of the padding's tint

/**
 * Give a canvas so many squares.
 * @param {HTMLCanvasElement} canvas
 * @param {number} count Of squares along each side.
 * @returns {Board}
 */
function prepareBoard(canvas, count) {
  const unit = Math.floor(BOARD_SIDE / count);
  canvas.width = canvas.height = unit * count;
  canvas.style.width = `calc(var(--cell) * ${count})`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return { context, unit };
}

/**
 * Draw the input with its padding as a ring, and the window.
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 * @param {Place | null} place
 */
export function drawConvInput(canvas, scene, place) {
  const { image, before, after, options } = scene;
  const count = before + image.side + after;
  const board = prepareBoard(canvas, count);
  const { context, unit } = board;
  const dark = isDark();
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const value = readPixel(image, row - before, column - before, options.padding);
      const level = Math.round(255 * (dark ? value : 1 - value));
      context.fillStyle = cssColour([level, level, level]);
      context.fillRect(column * unit, row * unit, unit, unit);
    }
  }
  if (before + after > 0) drawRing(board, scene, count);
  if (place) drawWindow(board, scene, place);
}

/**
 * Tint the padding, and mark where the image begins.
 * @param {Board} board
 * @param {Scene} scene
 * @param {number} count
 */
function drawRing({ context, unit }, { before, image }, count) {
  const [first, side, all] = [before * unit, image.side * unit, count * unit];
  context.fillStyle = styleColour("--accent");
  context.globalAlpha = BOARD_RING;
  context.fillRect(0, 0, all, first);
  context.fillRect(0, first + side, all, all - first - side);
  context.fillRect(0, first, first, side);
  context.fillRect(first + side, first, all - first - side, side);
  context.globalAlpha = 1;
  context.strokeStyle = styleColour("--line");
  context.lineWidth = unit / 8;
  context.strokeRect(first, first, side, side);
}

/**
 * Draw the pixels that the window takes, and the frame around them.
 * @param {Board} board
 * @param {Scene} scene
 * @param {Place} place
 */
function drawWindow({ context, unit }, scene, place) {
  const { before, options, span } = scene;
  context.strokeStyle = styleColour("--accent");
  if (options.dilation > 1) {
    context.lineWidth = unit / 7;
    for (const { row, column } of listTerms(scene, place.row, place.column)) {
      context.strokeRect((column + before) * unit, (row + before) * unit, unit, unit);
    }
  }
  outlineSquare({ context, unit }, place.row * options.stride, place.column * options.stride, span);
}

/**
 * Frame a square of squares; a light line around the frame sets it off from dark ink.
 * @param {Board} board
 * @param {number} row
 * @param {number} column
 * @param {number} size
 */
function outlineSquare({ context, unit }, row, column, size) {
  const width = Math.max(unit / 4, 4);
  for (const [colour, line] of /** @type {[string, number][]} */ ([
    [styleColour("--paper"), 2 * width],
    [styleColour("--accent"), width],
  ])) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(column * unit, row * unit, size * unit, size * unit);
  }
}

/**
 * Draw the response map as far as it has grown; a frame marks the number that has been computed last.
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 * @param {Place} place
 */
export function drawConvMap(canvas, scene, place) {
  const board = prepareBoard(canvas, scene.count);
  const grown = place.row * scene.count + place.column + 1;
  drawValues(board, scene.map, (index) => index < grown);
  const pooled = listPooled(scene, grown);
  if (pooled.length > 0) {
    const { row, column } = pooled[pooled.length - 1];
    const size = scene.options.poolSize;
    board.context.setLineDash([board.unit / 2, board.unit / 3]);
    board.context.strokeStyle = styleColour("--ink");
    board.context.lineWidth = Math.max(board.unit / 6, 3);
    const side = scene.poolSpan * board.unit;
    board.context.strokeRect(column * size * board.unit, row * size * board.unit, side, side);
    board.context.setLineDash([]);
  }
  outlineSquare(board, place.row, place.column, 1);
}

/**
 * Draw the pooled map as far as it is complete.
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene With a pooled map that is not empty.
 * @param {Place} place
 */
export function drawConvPooled(canvas, scene, place) {
  const pooled = /** @type {import("./convolution_model.js").Tensor} */ (scene.pooled);
  const side = pooled.shape[0];
  const board = prepareBoard(canvas, side);
  const complete = listPooled(scene, place.row * scene.count + place.column + 1);
  const done = new Set(complete.map(({ row, column }) => row * side + column));
  drawValues(board, pooled, (index) => done.has(index));
  const last = complete[complete.length - 1];
  if (last) outlineSquare(board, last.row, last.column, 1);
}

/**
 * @param {Board} board
 * @param {import("./convolution_model.js").Tensor} map (side, side, 1).
 * @param {(index: number) => boolean} isThere Whether a number has been computed.
 */
function drawValues({ context, unit }, map, isThere) {
  const side = map.shape[0];
  const limit = greatestAbsolute(map.data);
  context.fillStyle = styleColour("--raised");
  context.fillRect(0, 0, side * unit, side * unit);
  const empty = styleColour("--line");
  for (let index = 0; index < map.data.length; index++) {
    const [row, column] = [Math.floor(index / side), index % side];
    if (isThere(index)) {
      context.fillStyle = cssColour(shadeSigned(map.data[index], limit));
      context.fillRect(column * unit, row * unit, unit, unit);
    } else {
      context.fillStyle = empty;
      context.fillRect((column + 0.45) * unit, (row + 0.45) * unit, unit * 0.1, unit * 0.1);
    }
  }
}
