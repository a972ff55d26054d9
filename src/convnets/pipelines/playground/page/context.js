/** @typedef {import("./client.js").Request} Request */
/** @typedef {import("./client.js").Answer} Answer */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Listener} Listener */
/** @typedef {import("./engine/network.js").Layer} Layer */
/**
 * What is known of a network beside its weights, which are in the Worker.
 * @typedef {object} NetworkFacts
 * @property {string} name
 * @property {string} colour As #RRGGBB, the same in every figure.
 * @property {number} parameters
 * @property {{accuracy: number, low: number, high: number}} test On all test images, with the bounds of the interval.
 * @property {number[]} shape Of its input.
 * @property {Layer[]} layers Without weights.
 */
/**
 * What Python embeds.
 * @typedef {object} Page
 * @property {string} dataset Its name.
 * @property {string[]} classNames
 * @property {{images: Uint8Array[], labels: number[], indices: number[]}} test Images of 28 x 28, 255 is ink;
 *   `indices`: which of the test images they are.
 * @property {Record<string, number[][]>} kernels Preset, by name.
 * @property {NetworkFacts[]} networks
 */
/**
 * What a part of the page is given.
 * @typedef {object} Context
 * @property {Page} page
 * @property {() => State} state
 * @property {(patch: State) => void} setState What is not allowed by the part's fields is left as it is.
 * @property {(listener: Listener) => void} subscribe The listener is called after changes while the part is shown, and
 *   when it comes to be shown, then with all names as changed. `image` is among the names when the digit has changed or
 *   moved, `theme` when light became dark.
 * @property {(request: Request, options: {channel: string, priority?: number}) => Promise<Answer | null>} compute
 * @property {() => Float32Array} image The current digit as the networks see it: moved, 28 x 28, from 0 to 1.
 * @property {() => number} label Its class, or -1 where there is no digit.
 */

export {};
