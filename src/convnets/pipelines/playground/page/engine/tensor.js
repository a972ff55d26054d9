/**
 * Numbers in an array of any rank, the last axis fastest. Feature maps are (height, width, depth).
 * @typedef {{shape: number[], data: Float32Array}} Tensor
 */

/**
 * @param {number[]} shape
 * @param {Float32Array} [data] As many numbers as the shape holds; without it, zeros.
 * @returns {Tensor}
 */
export function tensor(shape, data) {
  return { shape, data: data ?? new Float32Array(sizeOf(shape)) };
}

/**
 * How many numbers a shape holds.
 * @param {number[]} shape
 */
export function sizeOf(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * Python's rint: half goes to the even neighbour.
 * @param {number} value
 */
export function roundHalfEven(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The index of the greatest number; of equal ones, the first.
 * @param {ArrayLike<number>} values
 */
export function argmax(values) {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[best]) best = index;
  return best;
}
