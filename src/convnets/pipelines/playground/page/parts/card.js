import { element } from "../dom.js";
import { argmax } from "../engine/tensor.js";
import { COMPARISON_STRINGS, fill } from "../strings/page.js";
import { MAP_SIDE } from "./shift_maps.js";

/** @typedef {import("../client.js").Answer} Answer */
/** @typedef {import("../context.js").NetworkFacts} NetworkFacts */
/** @typedef {ReturnType<typeof createCard>} Card */

const KEPT_TIMES = 9; // of the last runs, of which the median is told

/**
 * What one network says: its answer, its probabilities as a table with bars, its map of shifts, and its facts.
 * @param {NetworkFacts} network
 * @param {string[]} classNames
 */
export function createCard(network, classNames) {
  const { name } = network;
  const answer = element("span", { class: "answer" });
  const verdict = element("span", { class: "verdict" });
  const rows = classNames.map((className) => createRow(className));
  const map = element("canvas", { class: "map", role: "img", width: MAP_SIDE, height: MAP_SIDE });
  const mapSummary = element("figcaption");
  const time = element("li");
  const named = classNames.some((className) => className.length > 2) ? " named" : "";
  const root = element("article", { class: `card${named}`, "data-network": name, "aria-label": name }, [
    element("h2", {}, [element("span", { class: "swatch" }), name]),
    element("p", { class: "said" }, [answer, verdict]),
    element("table", { class: "bars" }, [
      element("caption", { class: "unseen", text: fill(COMPARISON_STRINGS.probabilities, { network: name }) }),
      element("thead", {}, [
        element("tr", {}, [createHead(COMPARISON_STRINGS.classColumn), createHead(COMPARISON_STRINGS.probabilityColumn)]),
      ]),
      element("tbody", {}, rows.map((row) => row.root)),
    ]),
    element("figure", {}, [map, mapSummary]),
    element("ul", { class: "facts" }, [...listFacts(network), time]),
  ]);
  root.style.setProperty("--colour", network.colour);
  /** @type {number[]} */
  const times = [];
  let said = -1;

  /** @param {Answer | null} current `null`: there is no digit. */
  function show(current) {
    said = current ? argmax(current.probabilities) : -1;
    answer.textContent = said < 0 ? "–" : classNames[said];
    rows.forEach((row, index) => row.show(current ? current.probabilities[index] : 0, index === said));
    if (current) clock(current.milliseconds);
  }

  /** @param {number} milliseconds That one image has taken. */
  function clock(milliseconds) {
    times.push(milliseconds);
    if (times.length > KEPT_TIMES) times.shift();
    const median = times.slice().sort((a, b) => a - b)[times.length >> 1];
    time.textContent = fill(COMPARISON_STRINGS.milliseconds, { milliseconds: median.toFixed(median < 1 ? 2 : 1) });
  }

  /** @param {number} label The class that is right; -1: not known. */
  function judge(label) {
    const verdictOf = said < 0 || label < 0 ? "unknown" : said === label ? "right" : "wrong";
    root.dataset.verdict = verdictOf;
    verdict.textContent = { unknown: "", right: "✓ ", wrong: "✗ " }[verdictOf] + COMPARISON_STRINGS[verdictOf];
    rows.forEach((row, index) => row.mark(index === label));
  }

  return { root, name, colour: network.colour, map, mapSummary, show, clock, judge, summary };

  function summary() {
    return `${name}: ${answer.textContent}, ${verdict.textContent.slice(2)}`;
  }
}

/** @param {NetworkFacts} network */
function listFacts({ parameters, test }) {
  const percent = (/** @type {number} */ share) => (100 * share).toFixed(1);
  const accuracy = { accuracy: percent(test.accuracy), low: percent(test.low), high: percent(test.high) };
  return [
    element("li", { text: fill(COMPARISON_STRINGS.parameters, { count: parameters.toLocaleString("en") }) }),
    element("li", { text: fill(COMPARISON_STRINGS.accuracy, accuracy) }),
  ];
}

/** @param {string} text For screen readers. */
function createHead(text) {
  return element("th", { scope: "col" }, [element("span", { class: "unseen", text })]);
}

/** @param {string} className */
function createRow(className) {
  const bar = element("span", { class: "bar" });
  const number = element("span", { class: "number" });
  const root = element("tr", {}, [
    element("th", { scope: "row", text: className, title: className }),
    element("td", {}, [element("span", { class: "track" }, [bar]), number]),
  ]);
  return {
    root,
    /** @param {number} probability @param {boolean} isAnswer */
    show(probability, isAnswer) {
      bar.style.width = `${100 * probability}%`;
      number.textContent = probability.toFixed(2);
      root.classList.toggle("is-answer", isAnswer);
    },
    /** @param {boolean} isLabel */
    mark: (isLabel) => root.classList.toggle("is-label", isLabel),
  };
}
