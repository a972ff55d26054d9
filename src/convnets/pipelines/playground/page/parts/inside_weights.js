import { element } from "../dom.js";
import { INSIDE_STRINGS } from "../strings/inside.js";
import { fill } from "../strings/page.js";
import { cssColour, drawSigned, greatestAbsolute, shadeSigned, textOn, writeNumber } from "./convolution_shades.js";

/** @typedef {import("./inside_terms.js").Entry} Entry */
/** @typedef {import("./inside_terms.js").Explanation} Explanation */
/** @typedef {import("../context.js").Layer} Layer */

const SHOWN = 14; // entries; the last one is all that are left, together

/**
 * The weights that made a value.
 * @param {(layer: string, index: number) => void} choose Called with a map or unit that is clicked.
 */
export function createWeights(choose) {
  const text = element("p", { class: "inside-made" });
  const list = element("div", { class: "inside-entries" });
  const sum = element("p", { id: "inside-sum" });
  const root = element("div", { class: "inside-weights" }, [
    element("h2", { text: INSIDE_STRINGS.weights }),
    text,
    sum,
    list,
  ]);

  /**
   * @param {Layer} layer
   * @param {Explanation} explanation
   * @param {number} value Of the map or unit.
   */
  function update(layer, explanation, value) {
    const { kind, source, entries } = explanation;
    text.textContent = describeKind(layer, explanation);
    if (kind === "copy" || kind === "vector") {
      list.replaceChildren(...(source && explanation.index >= 0 && kind === "copy" ? [makeLink(explanation)] : []));
      sum.textContent = "";
      return;
    }
    const limit = Math.max(...entries.map((entry) => greatestAbsolute(entry.weights)));
    const shown = entries.length > SHOWN ? entries.slice(0, SHOWN - 1) : entries;
    const tiles = shown.map((entry) => makeEntry(entry, explanation, limit));
    list.replaceChildren(...tiles, ...makeRest(entries.slice(shown.length)));
    list.classList.toggle("large", shown.length === 1);
    sum.textContent = describeSum(layer, explanation, value);
  }

  /** @param {Explanation} explanation */
  function makeLink({ source, index }) {
    const name = fill(INSIDE_STRINGS.map, { layer: source, index });
    return element("button", { type: "button", text: name, on: { click: () => choose(source, index) } });
  }

  /**
   * @param {Entry} entry
   * @param {Explanation} explanation
   * @param {number} limit
   */
  function makeEntry(entry, { kind, source }, limit) {
    const { index, height, width, weights, contribution } = entry;
    const picture = weights.length === 1 ? makeNumber(weights[0], limit) : element("canvas");
    if (weights.length > 1) drawSigned(picture, weights, { width, height, limit });
    const value = writeSigned(contribution);
    const name = kind === "units" ? INSIDE_STRINGS.entryUnit : INSIDE_STRINGS.entry;
    const label = fill(name, { index, input: source, value });
    const short = fill(kind === "units" ? INSIDE_STRINGS.shortUnit : INSIDE_STRINGS.short, { index });
    const captions = [element("b", { text: value }), element("span", { text: short })];
    const leads = source !== "" && kind !== "pixels";
    if (!leads) return element("div", { class: "inside-entry" }, [picture, captions[0]]);
    const click = () => choose(source, index);
    return element("button", { type: "button", class: "inside-entry", "aria-label": label, title: label, on: { click } }, [
      picture,
      ...captions,
    ]);
  }

  return { root, update };
}

/**
 * @param {number} weight
 * @param {number} limit
 */
function makeNumber(weight, limit) {
  const cell = element("span", { class: "inside-number", text: writeNumber(weight) });
  const colour = shadeSigned(weight, 1.3 * limit);
  cell.style.backgroundColor = cssColour(colour);
  cell.style.color = textOn(colour);
  return cell;
}

/** @param {Entry[]} entries Those that are not shown one by one. */
function makeRest(entries) {
  if (entries.length === 0) return [];
  const captions = [writeSigned(addUp(entries)), fill(INSIDE_STRINGS.more, { count: entries.length })];
  return [
    element("div", { class: "inside-entry rest" }, [
      element("b", { text: captions[0] }),
      element("span", { text: captions[1] }),
    ]),
  ];
}

/** @param {Entry[]} entries */
function addUp(entries) {
  return entries.reduce((sum, entry) => sum + entry.contribution, 0);
}

/** @param {number} value */
function writeSigned(value) {
  return `${value > 0 ? "+" : ""}${writeNumber(value)}`;
}

/**
 * @param {Layer} layer
 * @param {Explanation} explanation
 */
function describeKind(layer, { kind, source, index }) {
  const strings = INSIDE_STRINGS;
  const input = source || strings.image;
  if (kind === "filter" && !source) return strings.weightsKernel;
  if (kind === "filter") return fill(strings.weightsText, { input });
  if (kind === "pixels") return strings.weightsPixels;
  if (kind === "units") return fill(strings.weightsUnits, { input });
  if (kind === "vector") return fill(strings.pool.vector, { input });
  /** @type {Record<string, string>} */
  const copies = strings.pool;
  return fill(copies[layer.type] ?? copies.other, { index, input });
}

/**
 * @param {Layer} layer
 * @param {Explanation} explanation
 * @param {number} value
 */
function describeSum(layer, { entries, bias, total }, value) {
  const strings = INSIDE_STRINGS;
  const activation = strings.activations[/** @type {keyof typeof strings.activations} */ (layer.options.activation)] ?? "";
  const numbers = { bias: writeNumber(bias), sum: writeNumber(addUp(entries)), total: writeNumber(total) };
  return `${fill(strings.sum, numbers)}${fill(activation, { value: writeNumber(value, 3) })}`;
}
