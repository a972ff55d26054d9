/** @typedef {import("./engine/tensor.js").Tensor} Tensor */
/** @typedef {import("./engine/network.js").Activation} Activation */
/**
 * What the Worker is asked.
 *   run: ask a network for the probabilities of an image; with `layers`, for the output of each layer, too.
 *   weights: the weights of one of its layers, as {kernel, bias}, or {scale, offset} of batch normalization.
 * @typedef {{kind: "run", network: string, image: Float32Array, layers?: boolean}
 *   | {kind: "weights", network: string, layer: string}} Request
 */
/**
 * @typedef {object} Answer
 * @property {Float32Array} probabilities Of `run`.
 * @property {number} milliseconds Of `run`: how long the network took.
 * @property {Activation[]} layers Of `run` with `layers`.
 * @property {Record<string, Tensor>} weights Of `weights`.
 */
/** @typedef {{request: Request, channel: string, priority: number, resolve: (answer: Answer | null) => void}} Job */

/**
 * Ask the Worker one thing at a time, the most urgent first. Of a channel, only the newest request is kept.
 * @param {Worker} worker
 */
export function createClient(worker) {
  /** @type {Job[]} */
  let waiting = [];
  /** @type {Job | null} */
  let running = null;

  function next() {
    if (running || waiting.length === 0) return;
    running = waiting.reduce((first, job) => (job.priority < first.priority ? job : first));
    waiting = waiting.filter((job) => job !== running);
    worker.postMessage(running.request);
  }

  worker.onmessage = ({ data }) => {
    running?.resolve(data);
    running = null;
    next();
  };

  /**
   * @param {Request} request
   * @param {{channel: string, priority?: number}} options A request waits for those of a lower priority number, and
   *   replaces one of the same channel that is still waiting.
   * @returns {Promise<Answer | null>} `null`: a newer request has taken its place.
   */
  function compute(request, { channel, priority = 0 }) {
    return new Promise((resolve) => {
      for (const job of waiting) if (job.channel === channel) job.resolve(null);
      waiting = waiting.filter((job) => job.channel !== channel);
      waiting.push({ request, channel, priority, resolve });
      next();
    });
  }

  return { compute };
}
