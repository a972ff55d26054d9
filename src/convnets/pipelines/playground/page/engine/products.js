/** @typedef {import("./tensor.js").Tensor} Tensor */

const AT_ONCE = 8; // rows: to load and store a sum takes longer than to multiply

/**
 * Numbers that are not zero, each with the row of a matrix that it is multiplied with. After a relu most numbers are
 * zero, and so most of the work is left out.
 * @typedef {{values: Float32Array, rows: Int32Array, count: number}} Factors
 */

/**
 * @param {number} most How many there can be.
 * @returns {Factors}
 */
export function createFactors(most) {
  return { values: new Float32Array(most + AT_ONCE), rows: new Int32Array(most + AT_ONCE), count: 0 };
}

/**
 * @param {Factors} factors
 * @param {number} value Left out if it is 0.
 * @param {number} row
 */
export function addFactor(factors, value, row) {
  if (value === 0) return;
  factors.values[factors.count] = value;
  factors.rows[factors.count++] = row;
}

/**
 * Multiply rows of a matrix by factors, and add them up.
 * @param {Factors} factors
 * @param {Float32Array} matrix Row by row.
 * @param {Float32Array} sums As many as a row has numbers: to these the products are added.
 */
export function addProducts({ values, rows, count }, matrix, sums) {
  const size = sums.length;
  values.fill(0, count, count + AT_ONCE);
  rows.fill(0, count, count + AT_ONCE);
  for (let k = 0; k < count; k += AT_ONCE) {
    const [v0, v1, v2, v3] = [values[k], values[k + 1], values[k + 2], values[k + 3]];
    const [v4, v5, v6, v7] = [values[k + 4], values[k + 5], values[k + 6], values[k + 7]];
    const [r0, r1, r2, r3] = [rows[k] * size, rows[k + 1] * size, rows[k + 2] * size, rows[k + 3] * size];
    const [r4, r5, r6, r7] = [rows[k + 4] * size, rows[k + 5] * size, rows[k + 6] * size, rows[k + 7] * size];
    for (let i = 0; i < size; i++) {
      const first = v0 * matrix[r0 + i] + v1 * matrix[r1 + i] + v2 * matrix[r2 + i] + v3 * matrix[r3 + i];
      const last = v4 * matrix[r4 + i] + v5 * matrix[r5 + i] + v6 * matrix[r6 + i] + v7 * matrix[r7 + i];
      sums[i] += first + last;
    }
  }
}
