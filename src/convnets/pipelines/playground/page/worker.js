import { runNetwork, unpackNetwork } from "./engine/network.js";
import { argmax } from "./engine/tensor.js";

/** @typedef {import("./engine/network.js").Network} Network */

const WARM_UP = 3; // runs, in which the browser compiles what runs often

/** @type {Map<string, Network>} */
const networks = new Map();

/** @param {{data: any}} event First the networks as Python writes them; then requests, as client.js tells them. */
self.onmessage = ({ data }) => {
  if (data.kind === "networks") prepare(data.networks);
  else self.postMessage(answer(data));
};

/** @param {any[]} packed */
function prepare(packed) {
  for (const network of packed) networks.set(network.name, unpackNetwork(network));
  for (const network of networks.values()) {
    const image = Float32Array.from({ length: network.shape.reduce((a, b) => a * b, 1) }, (_, index) => (index % 5) / 8);
    for (let run = 0; run < WARM_UP; run++) argmax(runNetwork(network, image)[0].tensor.data);
  }
  self.postMessage({ kind: "ready" });
}

/** @param {any} request */
function answer(request) {
  const network = /** @type {Network} */ (networks.get(request.network));
  if (request.kind === "weights") {
    return { weights: network.layers.find((layer) => layer.name === request.layer)?.weights };
  }
  const start = performance.now();
  const layers = runNetwork(network, request.image);
  const milliseconds = performance.now() - start;
  return { probabilities: layers[layers.length - 1].tensor.data, milliseconds, layers: request.layers ? layers : [] };
}
